"""Who waits at the door of a full lab, in the order in which they came."""

from __future__ import annotations

import asyncio


class Guest:
    """A page that waits; `called` is set when it may have moved up, or when there may be room for it."""

    def __init__(self) -> None:
        self.called = asyncio.Event()


class Doorway:
    """The line of guests: each place that becomes free is that of the first, and whoever comes later is behind all."""

    def __init__(self) -> None:
        self._guests: list[Guest] = []

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self) -> Guest:
        """Let a page wait, behind all others."""
        self._guests.append(guest := Guest())
        return guest

    def leave(self, guest: Guest) -> None:
        """Let a page go, be it in or away; those behind it move up."""
        self._guests.remove(guest)
        self.call()

    def count_before(self, guest: Guest | None) -> int:
        """Count those whose turn is before a guest's, or before that of somebody who only comes now."""
        return len(self._guests) if guest is None else self._guests.index(guest)

    def call(self) -> None:
        """Have everybody look where they stand now."""
        for guest in self._guests:
            guest.called.set()
