"""A run in other hands: as a script and as a notebook of plain PyTorch, and its numbers as tables.

No torch here: what a unit is as code is one of its facts, so the web process answers a download by itself.
"""
