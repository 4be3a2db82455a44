"""Every deliberate error of the lab.

    LabError                 safe to show a student: what, what was expected, what came
    ├── ConfigError          a run's description is wrong; names the key by its dotted path
    │   └── UnknownUnit      a name that no registry has
    ├── MessageError         a message that the protocol does not know or refuses
    ├── CommandError         a command that makes no sense in the session's present state
    ├── EngineError          a run cannot be computed: no worker, no room
    │   └── FullError        as many sessions are open as the lab has room for
    ├── FileError            a file that cannot be read, or is not what it claims to be
    └── LoadError            a lab under test refuses, or does not answer

Wording: `learning_rate: expected a number from 0.0001 to 1, got 7`. Lower case, no full stop.
Divergence of a run is a state of the run, not an error.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Term(NamedTuple):
    """A key among the words of a refusal, which a page may show by its label.

    It may stand at `place`, a dotted path of a run's description; where that is empty, the key is such a path itself.
    """

    key: str
    place: str = ""


def join_terms(keys: Sequence[str], place: str, between: str) -> Iterator[str | Term]:
    """Give words that list what may stand at a place."""
    for i, key in enumerate(keys):
        yield from (between, Term(key, place)) if i else (Term(key, place),)


class LabError(Exception):
    """Something a user did that cannot be done; the text is written for them."""


class ConfigError(LabError):
    """A run's description is wrong at `key` (a dotted path); `words`, put together, say how."""

    def __init__(self, key: str, *words: str | Term) -> None:
        message = "".join(word.key if isinstance(word, Term) else word for word in words)
        super().__init__(f"{key}: {message}" if key else message)
        self.key, self.words = key, words


class UnknownUnit(ConfigError):
    """A registry has no unit of that name."""


class MessageError(LabError):
    """A message that the protocol does not know, or whose fields are wrong."""


class CommandError(LabError):
    """A command that makes no sense in the session's present state."""


class EngineError(LabError):
    """A run cannot be computed now."""


class FullError(EngineError):
    """The lab has room for no more sessions now, or for no more pages that wait for one."""


class FileError(LabError):
    """A file that cannot be read, or is not what it claims to be."""


class LoadError(LabError):
    """A lab that is tested with many clients refuses one, or does not answer it."""
