"""One user's run: its state, its history, and what each of its pages is to be sent. No socket, no torch."""
