"""RunConfig: the frozen, complete description of a run, and the checks that make one.

The ranges come from the catalogue (all registries as plain data), so the web process checks a config without torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from server.errors import ConfigError, Term, join_terms
from server.gan.partners import check_loss, check_needs, check_noise, check_units
from server.gan.registry import Choice, Number, Parameter, Points, show

Catalog = Mapping[str, Any]
"""All registries as plain data; `server.gan.catalog.build_catalog()` makes it, `/api/catalog` serves it."""

VERSION = 1

RUN_NUMBERS = (
    Number("seed", "Seed", 0, 0, 2**32 - 1, "Every random number of the run follows from it.", integer=True),
    Number("batch_size", "Batch size", 128, 1, 4096, "How many real and generated samples one update sees.",
           integer=True, scale="log"),
    Number("d_updates", "Discriminator updates", 1, 0, 10,
           "How many updates the discriminator makes in a step, before the generator's turn.", integer=True),
    Number("g_updates", "Generator updates", 1, 0, 10,
           "How many updates the generator makes in a step.", integer=True),
)  # fmt: skip
NETWORK_NUMBERS = (
    Number("hidden_layers", "Hidden layers", 2, 0, 8, "How many layers lie between input and output.", integer=True),
    Number(
        "width", "Neurons per layer", 64, 1, 256, "How many neurons each hidden layer has.", integer=True, scale="log"
    ),
)
OUTPUTS = Choice(
    "output",
    "Output",
    "linear",
    ("linear", "tanh"),
    "What the last sums go through: nothing, or a hyperbolic tangent, which keeps every coordinate between -1 and 1.",
)
"""Of the generator alone; a config says it only where it is not the default."""
DEFAULT_INIT = "uniform"
INIT_GAIN = Number(
    "init_gain",
    "Scale of the first weights",
    1.0,
    0.01,
    10.0,
    "The weights that a network begins with are multiplied by this; its biases are not.",
    scale="log",
)
"""With it a config names an initialisation, and each only where it is not the default."""
UNIT_SECTIONS = {
    "data": ("datasets", "ring8"),
    "latent": ("latents", "normal"),
    "loss": ("losses", "non_saturating"),
    "d_optimizer": ("optimizers", "adam"),
    "g_optimizer": ("optimizers", "adam"),
}
"""Config key -> (kind in the catalogue, default unit)."""
LIST_SECTIONS = {"regularizers": "regularizers", "techniques": "techniques"}
NETWORKS = ("generator", "discriminator")
PHASES = ("sample", "generate", "classify", "loss", "backward", "update")
"""What an update walks through, in order; where nobody judges, nothing is classified."""
RESTARTING = ("seed", "data", "latent", *NETWORKS)
"""Keys whose change begins a new run at step 0; all others apply while the run goes on."""

Value = float | int | str | tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class UnitConfig:
    """A unit by name, with a value for each of its parameters."""

    name: str
    values: Mapping[str, Value]

    def to_json(self) -> dict[str, Any]:
        """Give the unit as the flat object of a config file."""
        return {"name": self.name, **self.values}


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """A multilayer perceptron: `hidden_layers` layers of `width` neurons, its last sums as they are or squashed.

    Its weights are drawn by `init`, and multiplied by `init_gain`.
    Techniques decide the rest, or the loss, and no config says it here: its first layer reads `beside` numbers more
    than a point, or the noise, has, it is `built_by` them, the neurons of its first `scaled` layers have one number
    more each, `norm` names what stands behind its hidden layers, and before the last layer a `crowd` of kernels, each
    of so many coordinates, compares the points of a batch.
    """

    hidden_layers: int
    width: int
    activation: str
    output: str = OUTPUTS.default
    init: str = DEFAULT_INIT
    init_gain: float = INIT_GAIN.default
    beside: int = 0
    built_by: tuple[str, ...] = ()
    scaled: int = 0
    norm: str = ""
    crowd: tuple[int, int] | None = None

    def list_sizes(self, inputs: int, outputs: int) -> tuple[int, ...]:
        """Give how many numbers enter the first layer, and leave each."""
        return (inputs + self.beside, *[self.width] * self.hidden_layers, outputs)

    def to_json(self) -> dict[str, Any]:
        """Give the network as plain data; its output and how it begins only where they are not the default."""
        unsaid = {OUTPUTS.key: OUTPUTS.default, "init": DEFAULT_INIT, INIT_GAIN.key: INIT_GAIN.default}
        decided = ("beside", "built_by", "scaled", "norm", "crowd")
        said = {key: value for key, value in asdict(self).items() if key not in decided}
        return {key: value for key, value in said.items() if unsaid.get(key) != value}


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that decides a run; made by `check_config`.

    `is_game` follows from the loss: without a discriminator that judges, nothing of it is trained.
    `data_dimension` follows from the data: how many coordinates a point has.
    `rounds` follows from the techniques: how often the players take their turns in a step.
    `has_encoder` follows from the techniques: whether a third network is trained, from points to noise.
    `has_codes` follows from the loss: whether each point of the data has a latent of its own, which is trained.
    """

    seed: int
    data: UnitConfig
    latent: UnitConfig
    generator: NetworkConfig
    discriminator: NetworkConfig
    loss: UnitConfig
    regularizers: tuple[UnitConfig, ...]
    techniques: tuple[UnitConfig, ...]
    d_optimizer: UnitConfig
    g_optimizer: UnitConfig
    d_updates: int
    g_updates: int
    batch_size: int
    is_game: bool = True
    data_dimension: int = 2
    rounds: int = 1
    has_encoder: bool = False
    has_codes: bool = False

    @property
    def encoder(self) -> NetworkConfig | None:
        """The encoder, where there is one: of the generator's hidden shape, without what techniques make of that."""
        if not self.has_encoder:
            return None
        shape = self.generator
        return NetworkConfig(
            shape.hidden_layers, shape.width, shape.activation, init=shape.init, init_gain=shape.init_gain
        )

    @property
    def phases(self) -> tuple[str, ...]:
        """What an update walks through."""
        return PHASES if self.is_game else tuple(name for name in PHASES if name != "classify")

    def count_updates(self, player: str = "both") -> dict[str, int]:
        """Count the updates of each network in a step: of the players that play, or of a single player one a round."""
        planned = {"discriminator": self.d_updates, "generator": self.g_updates}
        if player != "both":
            planned = {name: int(name == player) for name in planned}
        planned = {name: self.rounds * count for name, count in planned.items()}
        return planned if self.is_game else {**planned, "discriminator": 0}

    def to_json(self) -> dict[str, Any]:
        """Give the config as plain data, every key present."""
        plain: dict[str, Any] = {"version": VERSION}
        for key in ("seed", *UNIT_SECTIONS, *NETWORKS, *LIST_SECTIONS, "d_updates", "g_updates", "batch_size"):
            value = getattr(self, key)
            if isinstance(value, UnitConfig | NetworkConfig):
                plain[key] = value.to_json()
            elif isinstance(value, tuple):
                plain[key] = [unit.to_json() for unit in value]
            else:
                plain[key] = value
        return plain

    def with_seed(self, seed: int) -> RunConfig:
        """Give the same run with another seed."""
        return replace(self, seed=seed)


def check_config(given: object, catalog: Catalog) -> RunConfig:
    """Make a RunConfig from plain data; missing keys take their defaults.

    Raises:
        ConfigError: a key is unknown, or its value has the wrong type or is out of range; `key` is the dotted path.
    """
    whole = _mapping("", given)
    version = whole.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        raise ConfigError("version", f"expected {VERSION}, got {show(version)}")
    known = {"version", *UNIT_SECTIONS, *LIST_SECTIONS, *NETWORKS, *(n.key for n in RUN_NUMBERS)}
    _refuse_unknown("", whole, known)
    made: dict[str, Any] = {n.key: n.check(n.key, whole.get(n.key, n.default)) for n in RUN_NUMBERS}
    for key, (kind, default) in UNIT_SECTIONS.items():
        made[key] = _check_unit(key, whole.get(key, {}), catalog[kind], default)
    for key in NETWORKS:
        made[key] = _check_network(key, whole.get(key, {}), catalog)
    loss = next(unit for unit in catalog["losses"] if unit["key"] == made["loss"].name)
    data = next(unit for unit in catalog["datasets"] if unit["key"] == made["data"].name)
    for key, kind in LIST_SECTIONS.items():
        made[key] = _check_units(key, whole.get(key, []), catalog[kind])
    check_units(made, loss, {key: catalog[kind] for key, kind in LIST_SECTIONS.items()})
    check_needs(made, loss, catalog["techniques"])
    check_noise(made, next(unit for unit in catalog["latents"] if unit["key"] == made["latent"].name))
    check_loss(made, loss, data["dimension"], catalog)
    leads = bool(_find_on(made["techniques"], catalog["techniques"], "leads"))
    made["generator"] = replace(made["generator"], beside=loss["beside"] + leads)
    made["discriminator"] = replace(
        made["discriminator"], beside=_count_beside(made, data["dimension"], catalog["techniques"])
    )
    for key in NETWORKS:
        made[key] = _build_by(key, made[key], made["techniques"], catalog["techniques"])
    rounds = _count_rounds(made, catalog["techniques"])
    pairs = _find_on(made["techniques"], catalog["techniques"], "encodes")
    return RunConfig(
        **made,
        is_game=loss["is_game"],
        data_dimension=data["dimension"],
        rounds=rounds,
        has_encoder=bool(pairs),
        has_codes=loss["has_codes"],
    )


def restarts(old: RunConfig, new: RunConfig) -> bool:
    """Tell whether going from `old` to `new` begins a new run at step 0."""
    return old.has_codes != new.has_codes or any(getattr(old, key) != getattr(new, key) for key in RESTARTING)


def describe_changes(old: RunConfig, new: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Give what differs, by dotted path: (before, after); points are counted, not listed."""
    before, after = _flatten("", old.to_json()), _flatten("", new.to_json())
    return {
        path: (_count_points(before.get(path)), _count_points(after.get(path)))
        for path in dict.fromkeys((*before, *after))
        if before.get(path) != after.get(path)
    }


def describe_init(inits: Sequence[Mapping[str, Any]]) -> Choice:
    """Describe the choice of an initialisation, whose facts the catalogue has."""
    options = tuple(unit["key"] for unit in inits)
    return Choice("init", "First weights", DEFAULT_INIT, options, "What a network's weights are drawn from at step 0.")


def parameter_from(facts: Mapping[str, Any]) -> Parameter:
    """Rebuild a parameter from its description in the catalogue."""
    kinds: dict[str, type[Parameter]] = {"number": Number, "choice": Choice, "points": Points}
    given = dict(facts)
    return kinds[given.pop("type")](**given)


def _check_units(path: str, given: object, facts: Sequence[Mapping[str, Any]]) -> tuple[UnitConfig, ...]:
    if not isinstance(given, list | tuple):
        raise ConfigError(path, f"expected a list, got {show(given)}")
    units = tuple(_check_unit(f"{path}.{i}", each, facts, "") for i, each in enumerate(given))
    names = [unit.name for unit in units]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ConfigError(f"{path}.{i}.name", f"expected each unit once, got {show(name)} again")
    return units


def _check_unit(path: str, given: object, facts: Sequence[Mapping[str, Any]], default: str) -> UnitConfig:
    values = _mapping(path, given)
    name = values.get("name", default)
    found = next((unit for unit in facts if unit["key"] == name), None)
    if found is None:
        place, names = f"{path}.name", [unit["key"] for unit in facts] or ["nothing (there is none yet)"]
        raise ConfigError(place, "expected one of ", *join_terms(names, place, ", "), f", got {show(name)}")
    parameters = [parameter_from(p) for p in found["parameters"]]
    _refuse_unknown(path, values, {"name", *(p.key for p in parameters)})
    return UnitConfig(name, {p.key: p.check(f"{path}.{p.key}", values.get(p.key, p.default)) for p in parameters})


def _count_beside(made: Mapping[str, Any], dimension: int, facts: Sequence[Mapping[str, Any]]) -> int:
    """Count what the discriminator reads beside a point, by the techniques; a batch must have the points for it."""
    if _find_on(made["techniques"], facts, "encodes"):
        return int(made["latent"].values["dimension"])
    known = {unit["key"]: unit for unit in facts if "adds" in unit}
    for i, unit in enumerate(made["techniques"]):
        if beside := known.get(unit.name):
            packs = beside.get("packs", "")
            points: int = unit.values[packs] if packs else 2
            if (because := beside.get("company")) and points > made["batch_size"]:
                expected = f" goes with a batch of {points} points or more, not with {made['batch_size']}"
                named = Term(unit.name, f"techniques.{i}.name")
                raise ConfigError(f"techniques.{i}.{packs or 'name'}", named, f"{expected}: {because}")
            return dimension * (points - 1) if packs else int(beside["adds"])
    return 0


def _count_rounds(made: Mapping[str, Any], facts: Sequence[Mapping[str, Any]]) -> int:
    """Count the rounds of a step, by the techniques; where there are more, a player has one update in each at most."""
    known = {unit["key"]: unit for unit in facts if unit.get("rounds", 1) > 1}
    for i, unit in enumerate(made["techniques"]):
        if unit.name in known:
            for player in NETWORKS:
                count = made[f"{player[0]}_updates"]
                if count > 1:
                    place, expected = f"techniques.{i}.name", f" goes with 1 update of the {player} in a step, not with"
                    because = "it needs both players to look ahead from one and the same place"
                    raise ConfigError(place, Term(unit.name, place), f"{expected} {count}: {because}")
            return int(known[unit.name]["rounds"])
    return 1


def _build_by(
    path: str, network: NetworkConfig, units: Sequence[UnitConfig], facts: Sequence[Mapping[str, Any]]
) -> NetworkConfig:
    """Give a network as the techniques that it is built by have it; what stands between layers must find some."""
    known = {unit["key"]: unit["builds"] for unit in facts if unit.get("builds")}
    layers = {"": 0, "hidden": network.hidden_layers, "all": network.hidden_layers + 1}
    for i, unit in enumerate(units):
        builds = known.get(unit.name)
        if builds is None or unit.values.get("network", builds["network"]) not in (path, "both"):
            continue
        crowd = tuple(int(unit.values[key]) for key in builds.get("crowd", ()))  # type: ignore[arg-type]  # numbers
        if (builds["norm"] or builds["scales"] == "hidden" or crowd) and not network.hidden_layers:
            place, expected = f"techniques.{i}.name", f" goes with a {path} of 1 hidden layer or more, not with 0"
            because = "it compares what the last of them answers" if crowd else "it changes what hidden layers answer"
            raise ConfigError(place, Term(unit.name, place), f"{expected}: {because}")
        if crowd:
            network = replace(network, crowd=(crowd[0], crowd[1]))
        scaled, norm = max(network.scaled, layers[builds["scales"]]), network.norm or builds["norm"]
        network = replace(network, built_by=(*network.built_by, unit.name), scaled=scaled, norm=norm)
    return network


def _find_on(units: Sequence[UnitConfig], facts: Sequence[Mapping[str, Any]], fact: str) -> list[str]:
    """Name those of the units that are on which have a fact."""
    having = {unit["key"] for unit in facts if unit.get(fact)}
    return [unit.name for unit in units if unit.name in having]


def _check_network(path: str, given: object, catalog: Catalog) -> NetworkConfig:
    values = _mapping(path, given)
    activations = tuple(unit["key"] for unit in catalog["activations"])
    choices = [Choice("activation", "Activation", "relu", activations), describe_init(catalog["inits"])]
    if path == "generator":
        choices.append(OUTPUTS)
    parameters: list[Parameter] = [*choices, *NETWORK_NUMBERS, INIT_GAIN]
    _refuse_unknown(path, values, {parameter.key for parameter in parameters})
    made = {p.key: p.check(f"{path}.{p.key}", values.get(p.key, p.default)) for p in parameters}
    return NetworkConfig(**made)  # type: ignore[arg-type]  # each parameter has checked its value


def _mapping(path: str, given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ConfigError(path or "config", f"expected an object, got {show(given)}")
    return given


def _refuse_unknown(path: str, given: Mapping[str, Any], known: set[str]) -> None:
    for key in given:
        if key not in known:
            dotted = f"{path}.{key}" if path else key
            raise ConfigError(dotted, f"unknown key; expected one of {', '.join(sorted(known))}")


def _flatten(path: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {k: v for key, each in value.items() for k, v in _flatten(f"{path}.{key}".strip("."), each).items()}
    return {path: value}


def _count_points(value: Any) -> Any:
    """Say how many points there are, in place of their list; any other value stays."""
    if not isinstance(value, tuple):
        return value
    return "1 point" if len(value) == 1 else f"{len(value)} points"
