"""Registries of units: the losses, optimizers, datasets and the rest, each with the facts that describe it.

A unit is one pure function and its facts.
Menus, validation, the reference page and the promise tests read the facts; nothing else lists units.
No torch here: the web process imports this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

from server.errors import ConfigError, UnknownUnit, join_terms

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a unit comes from."""

    authors: str
    title: str
    year: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a user may turn, with its range (both ends included).

    `live`: it may change while a run trains, and runs that differ in it share a stack.
    `scale`: how a slider spaces its positions, "linear" or "log".
    """

    key: str
    label: str
    default: float
    minimum: float
    maximum: float
    help: str = ""
    integer: bool = False
    scale: str = "linear"
    live: bool = False

    def check(self, path: str, value: object) -> float:
        """Return `value` if it is a finite number in range.

        Raises:
            ConfigError: it is not; the message names `path`.
        """
        wanted = "a whole number" if self.integer else "a number"
        expected = f"expected {wanted} from {_spell(self.minimum)} to {_spell(self.maximum)}, got {show(value)}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(path, expected)
        if not self.minimum <= value <= self.maximum or (self.integer and value != int(value)):
            raise ConfigError(path, expected)
        return int(value) if self.integer else float(value)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few named options."""

    key: str
    label: str
    default: str
    options: tuple[str, ...]
    help: str = ""

    def check(self, path: str, value: object) -> str:
        """Return `value` if it is one of the options.

        Raises:
            ConfigError: it is not; the message names `path`.
        """
        if not isinstance(value, str) or value not in self.options:
            raise ConfigError(path, "expected one of ", *join_terms(self.options, path, ", "), f", got {show(value)}")
        return value


@dataclass(frozen=True, slots=True)
class Points:
    """A list of points in the plane, `((x, y), ...)`, at most `most`; every coordinate from `minimum` to `maximum`."""

    key: str
    label: str
    default: tuple[tuple[float, float], ...]
    help: str = ""
    most: int = 20_000
    minimum: float = -1e6
    maximum: float = 1e6

    def check(self, path: str, value: object) -> tuple[tuple[float, float], ...]:
        """Return `value` as a tuple of pairs of floats.

        Raises:
            ConfigError: it is not a list of 1 to `most` pairs of numbers in range.
        """
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= self.most:
            raise ConfigError(path, f"expected a list of 1 to {self.most} points, got {show(value)}")
        number = Number("", "", 0.0, self.minimum, self.maximum)
        return tuple(self._pair(path, i, pair, number) for i, pair in enumerate(value))

    def _pair(self, path: str, i: int, pair: object, number: Number) -> tuple[float, float]:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ConfigError(f"{path}.{i}", f"expected two numbers, got {show(pair)}")
        return number.check(f"{path}.{i}.0", pair[0]), number.check(f"{path}.{i}.1", pair[1])


Parameter = Number | Choice | Points


def _spell(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def show(value: object) -> str:
    """What the user gave, short enough for a message."""
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(frozen=True)
class Unit(Generic[F]):
    """One pure function and its facts; call the unit to call the function.

    `formula` is LaTeX; `extra` holds facts of the unit's kind (a dataset's view box, a metric's floor), as plain data.
    `basic`: a menu shows it at once; the others of its kind wait behind "More". A few of a kind are.
    `see` says what a student sees in the lab when the unit is on: which layer, chart or number changes, and how.
    `code` is the unit as a student would write it, in a few lines of plain PyTorch; an exported run is made of them.
    Beside `torch`, `nn`, `F` (torch.nn.functional), `np` and `math` they use the names of the unit's parameters, and:

        loss         d_loss and g_loss, numbers, from real_logits and fake_logits (N,); one without a discriminator
                     has g_loss alone, from x_real and x_fake (N, D) in the units of training, or from
                     x_real, z and generator, with draws
        optimizer    optimizer for parameters, in one call with keywords for its numbers; what PyTorch has not is
                     imported or defined before
        activation   activation, a module; what PyTorch has not is defined before
        init         weight (inputs, outputs) and bias (outputs,), from draws; `first` tells the first layer
        latent       z (count, dimension) from draws, which gives normal, uniform and integers
        data set     x_real (count, D) in published units, from draws

    A metric has none: it looks at a run and is no part of it.
    """

    key: str
    label: str
    function: F
    formula: str = ""
    paper: Paper | None = None
    parameters: tuple[Parameter, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    see: str = field(default="", kw_only=True)
    code: str = field(default="", kw_only=True)
    basic: bool = field(default=False, kw_only=True)

    @property
    def help(self) -> str:
        """The first line of the function's docstring: the text a student reads."""
        return (self.function.__doc__ or "").strip().split("\n")[0]

    @property
    def __call__(self) -> F:
        """The function itself: `unit(...)` calls it."""
        return self.function

    def describe(self) -> dict[str, Any]:
        """Give the facts as plain data, as JSON can hold them."""
        return {
            "key": self.key,
            "label": self.label,
            "help": self.help,
            "see": self.see,
            "formula": self.formula,
            "code": self.code,
            "basic": self.basic,
            "paper": asdict(self.paper) if self.paper else None,
            "parameters": [{"type": type(p).__name__.lower(), **asdict(p)} for p in self.parameters],
            **self.extra,
        }


U = TypeVar("U", bound=Unit[Any])


class Registry(Generic[U]):
    """All units of one kind, in the order of a menu; complete when its module is imported."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._units: dict[str, U] = {}

    def add(self, unit: U) -> U:
        """Add a unit; its key must be new."""
        assert unit.key not in self._units, f"two {self.kind} units are called {unit.key}"
        self._units[unit.key] = unit
        return unit

    def __getitem__(self, key: str) -> U:
        """Return the unit called `key`.

        Raises:
            UnknownUnit: there is none.
        """
        try:
            return self._units[key]
        except KeyError:
            raise UnknownUnit(self.kind, f"expected one of {', '.join(self._units)}, got {show(key)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def __contains__(self, key: object) -> bool:
        return key in self._units

    def values(self) -> Iterator[U]:
        """Go through the units in the order of a menu."""
        return iter(self._units.values())

    def describe(self) -> list[dict[str, Any]]:
        """Give the facts of all units as plain data."""
        return [unit.describe() for unit in self.values()]
