"""The networks of an exported run: what each is made of, and what that needs to be said before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from server.gan.config import INIT_GAIN, OUTPUTS, Catalog, NetworkConfig, RunConfig
from server.gan.export.snippets import find_names, pick_setup, pick_value

Facts = Mapping[str, Any]
MODULES = ("layer", "hidden", "norm")
"""Places of a network for which a technique may have a class in a script."""


def describe_networks(config: RunConfig, dimension: int, catalog: Catalog, names: Collection[str]) -> dict[str, Any]:
    """Give the `networks`' modules, of those in `names`, their `inits`, `setups` for what PyTorch lacks, `has_gain`.

    `layers` are the techniques that have a class of their own for a network's layers, for the hidden ones or for what
    stands behind these, each with its `module`; `plain` tells whether the script's own is needed.
    """
    point = config.data_dimension
    networks = {"generator": (config.generator, dimension, point), "discriminator": (config.discriminator, point, 1)}
    if config.encoder:
        networks["encoder"] = (config.encoder, point, dimension)
    networks = {name: facts for name, facts in networks.items() if name in {*names, "encoder"}}
    activations, inits = ({unit["key"]: unit for unit in catalog[kind]} for kind in ("activations", "inits"))
    chosen = [one for one, _, _ in networks.values()]
    used = dict.fromkeys(name for one in chosen for name in _name_activations(one))
    begun = dict.fromkeys(one.init for one in chosen)
    found = {
        name: {place: _find_script(one, place, catalog) for place in MODULES} for name, (one, _, _) in networks.items()
    }
    layers = {
        unit["key"]: {**unit, "module": unit["script"][place]}
        for one in found.values()
        for place, unit in one.items()
        if unit
    }
    return {
        "networks": {
            name: _list_modules(one, inputs, outputs, activations, needs_first(inits[one.init]), found[name])
            for name, (one, inputs, outputs) in networks.items()
        },
        "inits": [{**inits[key], "needs_first": needs_first(inits[key])} for key in begun],
        "setups": [setup for name in used if (setup := pick_setup(activations[name]["code"]))],
        "layers": list(layers.values()),
        "plain": any(one["layer"] is None for one in found.values()),
        "has_gain": any(one.init_gain != INIT_GAIN.default for one in chosen),
    }


def _find_script(network: NetworkConfig, place: str, catalog: Catalog) -> Facts | None:
    """Find the technique that has a class for a `place` in a network, one of MODULES, if it is built by one."""
    found = (unit for unit in catalog["techniques"] if unit["key"] in network.built_by)
    return next((unit for unit in found if place in unit["script"]), None)


def _name_class(technique: Facts | None, place: str) -> str:
    """Name the class of a place, the last one that is written for it; without a technique there is none."""
    return str(technique["script"][place]).rpartition("class ")[2].partition("(")[0] if technique else ""


def needs_first(init: Facts) -> bool:
    """Tell whether an initialisation begins the first layer in another way."""
    return "first" in find_names(init["code"])


def _name_activations(network: NetworkConfig) -> list[str]:
    """Name the activations that a network has, the output's last."""
    inner = [network.activation] if network.hidden_layers else []
    return inner if network.output == OUTPUTS.default else [*inner, network.output]


def _list_modules(
    network: NetworkConfig,
    inputs: int,
    outputs: int,
    activations: Mapping[str, Facts],
    tells_first: bool,
    found: Mapping[str, Facts | None],
) -> list[str]:
    """Give what a network's nn.Sequential is made of, in order; `found` are the techniques' classes by place."""
    layer, hidden, norm = (_name_class(found[place], place) for place in MODULES)
    gain = "" if network.init_gain == INIT_GAIN.default else f", gain={network.init_gain!r}"
    modules = []
    for place, (i, o) in enumerate(pairwise(network.list_sizes(inputs, outputs))):
        first = ", first=True" if tells_first and place == 0 else ""
        own = layer or (hidden if place < network.hidden_layers else "") or "Layer"
        modules.append(f"{own}(*start_{network.init}({i}, {o}, draws{first}){gain})")
        if place < network.hidden_layers:
            modules.append(pick_value(activations[network.activation]["code"]))
            if norm:
                modules.append(f"{norm}()")
    return modules if network.output == OUTPUTS.default else [*modules, pick_value(activations[network.output]["code"])]
