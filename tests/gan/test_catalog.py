"""The catalogue is plain, complete, and what the config's checks need."""

import json

import pytest

from server.errors import UnknownUnit
from server.gan.catalog import REGISTRIES
from server.gan.config import check_config, parameter_from
from tests.tools.runs import catalog

CONTRACT = {
    "datasets": {
        *("line", "gaussians", "ring", "disjoint", "ring8", "grid25", "drawing", "points"),
        *("swiss_roll", "moons", "checkerboard", "pinwheel", "spirals", "circles"),
    },
    "losses": {"non_saturating", "minimax", "least_squares"},
    "optimizers": {"sgd", "momentum", "rmsprop", "adam"},
    "latents": {"normal", "uniform"},
    "activations": {"relu", "leaky_relu", "tanh", "silu", "elu"},
    "metrics": {
        *("modes", "modes20", "high_quality", "reverse_kl", "grid_kl", "grid_js", "sliced_w2"),
        *("mmd", "energy", "frechet", "precision", "recall", "density", "coverage"),
    },
}
EVERY_UNIT = [(kind, key) for kind, registry in REGISTRIES.items() for key in registry]


@pytest.mark.parametrize("kind", CONTRACT)
def test_the_units_of_the_contract_are_there(kind: str) -> None:
    assert CONTRACT[kind] <= {unit["key"] for unit in catalog()[kind]}


def test_the_catalogue_is_json_without_odd_numbers() -> None:
    assert json.loads(json.dumps(catalog(), allow_nan=False)) == json.loads(json.dumps(catalog()))


@pytest.mark.parametrize(("kind", "key"), EVERY_UNIT)
def test_a_unit_explains_itself(kind: str, key: str) -> None:
    unit = REGISTRIES[kind][key]
    assert unit.label
    assert len(unit.help) > 20
    assert unit.help.endswith(".")
    assert unit.formula


@pytest.mark.parametrize(("kind", "key"), EVERY_UNIT)
def test_a_units_defaults_are_in_range(kind: str, key: str) -> None:
    for parameter in REGISTRIES[kind][key].parameters:
        assert parameter.check(parameter.key, parameter.default) == parameter.default
        assert parameter.help.endswith(".")


@pytest.mark.parametrize("kind", ["datasets", "optimizers", "latents"])
def test_a_parameter_is_rebuilt_from_its_description(kind: str) -> None:
    for unit in REGISTRIES[kind].values():
        described = json.loads(json.dumps(unit.describe()["parameters"]))
        for facts, parameter in zip(described, unit.parameters, strict=True):
            rebuilt = parameter_from(facts)
            assert rebuilt.check("key", facts["default"]) == parameter.default


@pytest.mark.parametrize("kind", ["losses", "optimizers", "activations", "regularizers", "datasets"])
def test_a_long_menu_names_a_few_units_as_basic(kind: str) -> None:
    basic = [unit["key"] for unit in catalog()[kind] if unit["basic"]]
    assert len(catalog()[kind]) > 6
    assert 3 <= len(basic) <= 8


def test_a_run_that_nobody_has_changed_is_made_of_basic_units() -> None:
    run = catalog()["run"]
    for section, kind in run["sections"].items():
        unit = next(unit for unit in catalog()[kind] if unit["key"] == run["defaults"][section]["name"])
        assert unit["basic"], unit["key"]


def test_presets_that_are_no_lessons_are_few() -> None:
    groups = [preset["group"] for preset in catalog()["presets"]]
    assert set(groups) <= {"First", "GAN Lab's", "Lessons"}
    assert groups == sorted(groups, key=["First", "GAN Lab's", "Lessons"].index)
    assert sum(preset["basic"] for preset in catalog()["presets"]) <= 10


def test_an_unknown_unit_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownUnit, match=r"expected one of non_saturating, .*got 'hinj'"):
        REGISTRIES["losses"]["hinj"]


def test_every_preset_is_a_complete_config() -> None:
    presets = catalog()["presets"]
    assert {"line", "gaussians", "ring", "disjoint", "ring8"} <= {preset["key"] for preset in presets}
    for preset in presets:
        assert check_config(preset["config"], catalog()).to_json() == preset["config"]
