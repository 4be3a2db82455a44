"""Any units together: a random config trains, alone and in a stack, or is refused with a sentence that says why."""

import re
from typing import Any

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import ConfigError
from server.gan.catalog import REGISTRIES
from server.gan.config import LIST_SECTIONS, UNIT_SECTIONS, RunConfig, check_config
from server.gan.datasets import DATASETS
from server.gan.phases import Diverged
from server.gan.trainer import Trainer
from tests.tools.runs import catalog

STEPS = 3
NETWORK = {
    "hidden_layers": st.integers(0, 2),
    "width": st.sampled_from([1, 5, 8]),
    "activation": st.sampled_from(list(REGISTRIES["activations"])),
    "init": st.sampled_from(list(REGISTRIES["inits"])),
}

ON_THE_LINE = [unit.key for unit in DATASETS.values() if unit.dimension == 1]
"""Every other run learns from one of these: points of one coordinate."""


def unit(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(list(REGISTRIES[kind])).map(lambda key: {"name": key})


configs = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "batch_size": st.sampled_from([1, 2, 16]),
        "d_updates": st.integers(0, 2),
        "g_updates": st.integers(0, 2),
        "generator": st.fixed_dictionaries({**NETWORK, "output": st.sampled_from(["linear", "tanh"])}),
        "discriminator": st.fixed_dictionaries(NETWORK),
        **{section: unit(kind) for section, (kind, _) in UNIT_SECTIONS.items()},
        "data": st.one_of(unit("datasets"), st.sampled_from(ON_THE_LINE).map(lambda key: {"name": key})),
        **{
            section: st.lists(unit(kind), max_size=3, unique_by=lambda one: one["name"])
            for section, kind in LIST_SECTIONS.items()
        },
    }
)


def read(plain: dict[str, Any]) -> tuple[RunConfig | None, str]:
    """The config, or what is said against it."""
    try:
        return check_config(plain, catalog()), ""
    except ConfigError as refusal:
        return None, str(refusal)


def train(config: RunConfig) -> dict[str, torch.Tensor] | None:
    """The networks after a few steps; none where a number became infinite, which the lab says."""
    trainer = Trainer(config)
    try:
        for _ in range(STEPS):
            trainer.step()
    except Diverged:
        return None
    return {name: trainer.state.tensors[name] for name in ("generator", "discriminator")}


@settings(max_examples=200, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(configs)
def test_any_units_train_together_or_are_refused_in_words(plain: dict[str, Any]) -> None:
    check_together(plain)


@settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(configs)
def test_a_loss_with_codes_trains_beside_other_units_or_refuses_them_in_words(plain: dict[str, Any]) -> None:
    codes = {"loss": {"name": "glo"}, "latent": {"name": "normal"}, "data": {**plain["data"], "size": 40}}
    check_together({**plain, **codes})
    check_together({**plain, **codes, "regularizers": []})


@settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(configs)
def test_a_coupling_flow_trains_beside_other_units_or_refuses_them_in_words(plain: dict[str, Any]) -> None:
    flow = {"loss": {"name": "coupling_flow"}, "latent": {"name": "normal"}}
    check_together({**plain, **flow})
    linear = {"generator": {**plain["generator"], "output": "linear"}, "data": {"name": "ring8"}}
    check_together({**plain, **flow, **linear, "regularizers": []})


@settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(configs)
def test_a_level_that_both_players_read_trains_beside_other_units_or_refuses_them_in_words(
    plain: dict[str, Any],
) -> None:
    tempered = {"name": "parallel_tempering"}
    check_together({**plain, "techniques": [tempered, *(one for one in plain["techniques"] if one != tempered)]})
    check_together({**plain, "loss": {"name": "rpgan"}, "techniques": [tempered], "batch_size": 16})


def check_together(plain: dict[str, Any]) -> None:
    """Such a config trains, alone and in a stack, or is refused with a sentence."""
    config, refusal = read(plain)
    if config is None:
        assert re.search(r" (goes with .*, not with|does not go with) \w+: it ", refusal)
        return
    alone = train(config)
    stack = Trainer([config.with_seed((config.seed + i) % 2**32) for i in range(8)])
    for _ in range(STEPS):
        stack.step()
    if alone is None:
        assert stack.failures[0] is not None
        return
    assert stack.failures[0] is None
    for name, tensor in alone.items():
        assert tensor.isfinite().all()
        assert stack.state.tensors[name][0].isfinite().all()
