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


class LabError(Exception):
    """Something a user did that cannot be done; the text is written for them."""


class ConfigError(LabError):
    """A run's description is wrong at `key` (a dotted path)."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}" if key else message)
        self.key = key


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
