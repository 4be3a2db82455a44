"""The models that the lab comes with: small, what they say they are, good, and made again by their script."""

import pytest

from server.gan.catalog import build_catalog
from server.gan.config import check_config
from server.gan.metrics import evaluate_metrics
from server.gan.model_file import Model, read_model
from server.gan.presets import PRESETS
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.tools.pretrain import FOLDER, list_presets, train_model

CATALOG = build_catalog()


def score(model: Model) -> float:
    trainer = Trainer(model.config, state=RunState.unpack(model.packed))
    value = evaluate_metrics(trainer, ["grid_js"])["grid_js"]
    assert value is not None
    return value


def test_p13_there_is_one_for_each_of_gan_labs_presets_and_no_other() -> None:
    assert list_presets() == ["line", "gaussians", "ring", "disjoint"]
    assert {file.stem for file in FOLDER.iterdir()} == set(list_presets())


@pytest.mark.parametrize("key", list_presets())
def test_p13_a_pretrained_model_is_its_preset_at_its_step_and_far_better_than_its_start(key: str) -> None:
    content = (FOLDER / f"{key}.safetensors").read_bytes()
    assert len(content) < 10_000
    model = read_model(content, CATALOG)
    assert model.config == check_config(PRESETS[key].config, CATALOG)
    assert model.counters["step"] == PRESETS[key].pretrained
    start = Trainer(model.config)
    untrained = evaluate_metrics(start, ["grid_js"])["grid_js"]
    assert untrained is not None
    assert score(model) < untrained / 2


def test_p13_the_script_makes_the_same_model_again() -> None:
    """The same bytes; on a processor with another arithmetic, where a GAN goes another way, one as useful."""
    shipped, again = (FOLDER / "line.safetensors").read_bytes(), train_model("line")
    assert again == shipped or score(read_model(again, CATALOG)) < 0.3
