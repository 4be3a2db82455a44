"""The soak behind `make soak`: random clients and random faults against a real lab, and every promise checked.

`plan` says beforehand what goes wrong when, `life` is what one client does and remembers, `checks` compare what it was
told with a plain replay, `trial` lets it all happen at once.
"""
