"""The conversation between a page and a session: one class a message, one encoding of frames."""
