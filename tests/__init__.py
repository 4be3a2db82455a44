"""Tests mirror `server/`: `tests/gan/test_losses.py` holds the promises of `server/gan/losses.py`."""
