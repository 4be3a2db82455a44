"""What is kept of a session so that it can go on in another process: all its branches, and the answers it has given.

It is a saved run (`run_file`), but for its states: they are kept beside it, so that keeping a run that trains on writes
the new ones only. It is read with the same care as a file that anybody may have sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Annotated

from pydantic import Field, ValidationError

from server.errors import FileError
from server.gan.config import Catalog
from server.gan.tensor_file import read_tensors, write_tensors
from server.protocol.base import Message
from server.protocol.messages import Done, Failure
from server.sessions.branches import Branch
from server.sessions.requests import REMEMBERED
from server.sessions.run_content import KIND, MOST_COUNTED
from server.sessions.run_file import name_state, read_told, tell_run
from server.sessions.store import MOST_STATE_BYTES, Entry

Counted = Annotated[int, Field(ge=0, le=MOST_COUNTED)]
Answer = Annotated[Done | Failure, Field(discriminator="type")]


class Told(Message):
    """What a session has told its pages: so many revisions, generations of branches and events, and these answers."""

    revision: Counted
    generation: Counted
    newest: Counted
    answers: tuple[Answer, ...] = Field(max_length=REMEMBERED)


@dataclass(frozen=True)
class Frozen:
    """A session as it was at a moment; nothing in it changes any more, so that another thread may read it."""

    told: Told
    branches: Collection[Branch]
    current: int


def pack_session(frozen: Frozen, known: Mapping[bytes, int]) -> tuple[Entry, dict[bytes, int]]:
    """Give what to keep, and the numbers of its states; those that are `known` are kept already.

    Where it is too large, deleted branches are left out, as in a file.

    Raises:
        FileError: it is too large to be read again.
    """
    branches = list(frozen.branches)
    try:
        return _pack(frozen, branches, known)
    except FileError:
        return _pack(frozen, [branch for branch in branches if not branch.is_deleted], known)


def _pack(frozen: Frozen, branches: Sequence[Branch], known: Mapping[bytes, int]) -> tuple[Entry, dict[bytes, int]]:
    numbers: dict[bytes, int] = {}
    unused = count(max(known.values(), default=-1) + 1)

    def number(packed: bytes) -> int:
        if packed not in numbers:
            numbers[packed] = known[packed] if packed in known else next(unused)
        return numbers[packed]

    chosen = {branch.number: branch.snapshots for branch in branches}
    content = write_tensors(KIND, *tell_run(branches, frozen.current, chosen, number))
    size_of_states = sum(map(len, numbers))
    if size_of_states > MOST_STATE_BYTES:
        raise FileError(f"states: expected at most {MOST_STATE_BYTES} bytes, got {size_of_states}")
    fresh = {number: packed for packed, number in numbers.items() if packed not in known}
    told = frozen.told.model_dump_json()
    size = len(told) + len(content) + size_of_states
    return Entry(told, content, fresh, numbers.values(), size), numbers


def unpack_session(entry: Entry, catalog: Catalog) -> tuple[Frozen, dict[bytes, int]]:
    """Read what `pack_session` gave.

    Raises:
        FileError: it is something else, or damaged.
    """
    try:
        told = Told.model_validate_json(entry.told)
    except ValidationError as error:
        raise FileError(f"told: {error.errors(include_url=False)[0]['msg'][:200]}") from None
    plain, arrays = read_tensors(KIND, entry.content)
    whole = dict(arrays)
    for number, packed in entry.states.items():
        whole |= name_state(number, packed)
    branches, current, numbers = read_told(plain, whole, catalog)
    return Frozen(told, branches, current), numbers
