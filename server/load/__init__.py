"""Load: many clients that talk to a running lab as its page does, and the figures of how it held.

`client` is one connection, `roles` are what a client does with it, `figures` what came of it, `trial` runs them all.
"""
