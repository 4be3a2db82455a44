"""Runs on data of one coordinate: trained, looked into, watched, saved and exported as those in the plane are."""

import json
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from latex2mathml.converter import convert

from server.gan.config import check_config
from server.gan.datasets import DATASETS
from server.gan.export.notebook import write_notebook
from server.gan.export.script import write_script
from server.gan.export.tables import write_points_csv
from server.gan.inspection import inspect_node, tell_sample
from server.gan.inspection.nodes import NODES
from server.gan.losses import LOSSES, SampleLoss
from server.gan.measures import MEASURES, measure_stack
from server.gan.metrics import evaluate_metrics
from server.gan.model_file import build_model, read_model, write_model
from server.gan.monitor.monitor import Monitor
from server.gan.monitor.vitals import SCORED, read_run
from server.gan.probes import probe_layers
from server.gan.randomness import draws_for
from server.gan.state import RunState
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.augmentation import augment
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.gan.test_export_extras import QUICK
from tests.tools.runs import catalog, make_config

ON_THE_LINE = [unit.key for unit in DATASETS.values() if unit.dimension == 1]
SMALL = ("generator.width=16", "discriminator.width=16", "batch_size=32")
TOGETHER: dict[str, list[str]] = {
    "packs": ["pacgan"],
    "spread": ["minibatch_stddev"],
    "moved and blurred": ["ada", "instance_noise"],
    "averaged": ["ema", "spectral_norm"],
}


def build(*assignments: str, steps: int = 5, **top: Any) -> Trainer:
    trainer = Trainer(make_config(*SMALL, *assignments, **top))
    for _ in range(steps):
        trainer.step()
    return trainer


# Training -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", ON_THE_LINE)
def test_both_networks_have_one_place_for_a_point(data: str) -> None:
    trainer = build(f"data.name={data}", "latent.dimension=3", steps=1)
    assert (trainer.generator.sizes[-1], trainer.discriminator.sizes[0]) == (1, 1)
    assert trainer.generate(torch.zeros(4, 3)).shape == (4, 1)


@pytest.mark.parametrize("names", TOGETHER.values(), ids=TOGETHER)
def test_a_run_in_a_stack_of_eight_is_as_it_is_alone(names: list[str]) -> None:
    units = {"techniques": [{"name": name} for name in names], "regularizers": [{"name": "r1"}, {"name": "dragan"}]}
    config = make_config(*SMALL, "data.name=five_bumps", "seed=4", **units)
    alone, stack = Trainer(config), Trainer([config.with_seed(seed) for seed in range(8)])
    for _ in range(10):
        alone.step()
        stack.step()
    for name, tensor in alone.state.tensors.items():
        torch.testing.assert_close(stack.state.tensors[name][4], tensor, atol=1e-4, rtol=1e-3, msg=name)


@pytest.mark.parametrize("names", TOGETHER.values(), ids=TOGETHER)
def test_a_run_goes_on_from_a_saved_model_bit_for_bit(names: list[str]) -> None:
    units: dict[str, Any] = {"techniques": [{"name": name} for name in names]}
    whole = build("data.name=two_bumps", "data.size=20", **units)
    model = read_model(write_model(build_model(whole.config, whole.state.pack())), catalog())
    again = Trainer(model.config, state=RunState.unpack(model.packed))
    for trainer in (whole, again):
        trainer.step()
    for name, tensor in whole.state.tensors.items():
        assert torch.equal(again.state.tensors[name], tensor), name


@pytest.mark.parametrize("key", [unit.key for unit in LOSSES.values() if isinstance(unit, SampleLoss)])
def test_a_loss_of_samples_on_the_line_has_the_slopes_of_finite_differences(key: str) -> None:
    generator = torch.Generator().manual_seed(3)
    x_real, x_fake = (torch.randn(2, n, 1, generator=generator, dtype=torch.float64) for n in (7, 5))
    x_fake.requires_grad_()
    (slope,) = torch.autograd.grad(LOSSES[key](x_real, x_fake).mean(-1).sum(), x_fake)
    for place in range(5):
        step = torch.zeros_like(x_fake)
        step[:, place] = 1e-6
        with torch.no_grad():
            ends = [LOSSES[key](x_real, x_fake + sign * step).mean(-1) for sign in (1, -1)]
        torch.testing.assert_close(slope[:, place, 0], (ends[0] - ends[1]) / 2e-6, atol=1e-7, rtol=1e-5)


def test_on_the_line_the_energy_loss_is_the_area_between_the_distributions() -> None:
    """Twice the integral of (F - G)^2 (Székely, Rizzo 2013), for all pairs; ours leaves out a point with itself."""
    x, y = (torch.sort(torch.randn(40, generator=torch.Generator().manual_seed(s)).double()).values for s in (0, 1))
    places = torch.cat((x, y)).sort().values
    f, g = (torch.searchsorted(one, places[:-1], right=True) / 40 for one in (x, y))
    area = 2 * ((f - g) ** 2 * places.diff()).sum()
    within = sum((one[:, None] - one).abs().mean() / 39 for one in (x, y))  # a mean over 40 * 39 pairs, not 40 * 40
    assert LOSSES["energy"](x[:, None], y[:, None]).mean().item() == pytest.approx((area - within).item(), abs=1e-9)


def test_on_the_line_a_point_is_mirrored_scaled_and_shifted_never_turned_onto_another_line() -> None:
    points = torch.full((4000, 1), 2.0)
    moved = augment(points, draws_for(0, 0, "test"), torch.ones(1, 1)).squeeze(-1)
    assert (moved < 0).float().mean().item() == pytest.approx(0.5, abs=0.03)
    size = moved.abs()
    assert size.mean().item() == pytest.approx(2 * np.exp((0.2 * np.log(2)) ** 2 / 2), abs=0.03)
    assert size.var().item() == pytest.approx((2 * 0.2 * np.log(2)) ** 2 + 0.25**2, rel=0.1)
    assert torch.equal(augment(points, draws_for(0, 0, "test"), torch.zeros(1, 1)), points)


# Inspection ---------------------------------------------------------------------------------------------------------


def check_words(formulas: list[Any], numbers: dict[str, Any]) -> None:
    """Raise where a formula is not LaTeX that a page can show, or a number is of a second coordinate."""
    for formula in formulas:
        for latex in (formula["latex"], formula["latex_numbers"]):
            assert "merror" not in convert(latex)
            assert "x_2" not in latex
    assert not {"x_2", "slope_2", "needle_2", "score_slope_2", "moved_2", "jacobian_12"} & set(numbers)


@pytest.mark.parametrize("names", [[], *TOGETHER.values()], ids=["alone", *TOGETHER])
def test_a_story_on_the_line_adds_up_and_speaks_of_one_coordinate(names: list[str]) -> None:
    techniques = [{"name": name} for name in names]
    units: dict[str, Any] = {"techniques": techniques, "regularizers": [{"name": "mode_seeking"}]}
    trainer = build("data.name=two_bumps", "latent.dimension=3", **units)
    story = tell_sample(trainer, 3)
    assert json.loads(json.dumps(story, allow_nan=False)) == story
    stages = {stage["key"]: stage for stage in story["stages"]}
    for stage in stages.values():
        check_words(stage["formula"], stage["numbers"])
    numbers = stages["gradient"]["numbers"]
    assert [len(story[key] or []) for key in ("point", "needle", "moved", "first_order")] == [1, 1, 1, 1]
    if not names:
        needle, loss, slope = (numbers[name] or 0.0 for name in ("needle_1", "loss_per_score", "score_slope_1"))
        assert needle == pytest.approx(-loss * slope, rel=1e-4)
        assert needle != 0


TOLD = [([*names], node) for names in ([], *TOGETHER.values()) for node in NODES if node != "encoder"]


@pytest.mark.parametrize(("names", "node"), [*TOLD, (["bigan"], "encoder")])
def test_a_node_of_a_run_on_the_line_is_told(names: list[str], node: str) -> None:
    trainer = build("data.name=five_bumps", steps=2, techniques=[{"name": name} for name in names])
    told = inspect_node(trainer, node)
    check_words(told["formula"], told["numbers"])
    assert told["code"]


# Watching, saving, exporting ----------------------------------------------------------------------------------------


def collapse(trainer: Trainer, place: float) -> None:
    """Let the generator send all noise to one place."""
    weights = torch.zeros_like(trainer.state.tensors["generator"])
    weights[..., -1] = place
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "generator": weights})


@pytest.mark.parametrize(("data", "place"), [("two_bumps", 1.5), ("five_bumps", -1.2), ("even", 1.0)])
def test_a_collapse_on_the_line_is_found(data: str, place: float) -> None:
    trainer, monitor, found = build(f"data.name={data}", steps=0), Monitor(make_config(f"data.name={data}")), []
    collapse(trainer, place)
    for step in range(0, 600, 50):
        reading = read_run(trainer, evaluate_metrics(trainer, SCORED))
        assert len(reading.vitals.centre) == 1
        found += monitor.take(type(reading)(step, *(getattr(reading, k) for k in ("vitals", "js", "covered", "modes"))))
    assert "mode_collapse" in {verdict.kind for verdict in found}


def test_the_vitals_of_a_known_cloud_are_worked_out_by_hand() -> None:
    trainer = build("data.name=one_bump", "generator.hidden_layers=0", "latent.dimension=1", steps=0)
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "generator": torch.tensor([0.8, 0.2])})
    vitals = read_run(trainer, evaluate_metrics(trainer, SCORED)).vitals
    assert vitals.spread == pytest.approx(2, rel=0.15)
    assert vitals.centre[0] == pytest.approx(-2, abs=0.3)


def test_measures_of_claims_are_numbers_on_the_line() -> None:
    measured: set[str] = set()
    for name, others in (("rejection", MEASURES.keys() - {"reconstruction"}), ("bigan", {"reconstruction"})):
        techniques = [{"name": "ema"}, {"name": name}]
        config = make_config(*SMALL, "data.name=two_bumps", "data.size=20", techniques=techniques)
        rows = measure_stack(Trainer([config.with_seed(seed) for seed in (0, 1)]), [*others])
        assert all(np.isfinite(list(row.values())).all() for row in rows)  # type: ignore[arg-type]  # none is none
        measured |= rows[0].keys()
    assert measured == MEASURES.keys()


@pytest.mark.parametrize("key", ["ada", "pacgan", "minibatch_stddev", "instance_noise", "spectral_norm"])
def test_a_run_on_the_line_is_exported_as_it_trains(key: str, tmp_path: Path) -> None:
    technique = {"name": key, **QUICK.get(key, {})}
    plain = {"data": {"name": "even", "size": 50}, "techniques": [technique], "regularizers": [{"name": "r1"}]}
    config = check_config(plain, catalog())
    there = run_script(write_script(config, 30, catalog()), tmp_path)
    for mine, theirs in zip(train(Trainer(config), 30), there, strict=True):
        assert theirs == pytest.approx(mine, abs=1e-4, nan_ok=True)


def test_a_script_on_the_line_has_no_word_of_a_plane() -> None:
    script = write_script(make_config("data.name=two_bumps", techniques=[{"name": "ada"}]), 10, catalog())
    for word in ("the square", "quarters", "(count, 2)", "draw_data, 2"):
        assert word not in script
    assert "draw_batch(draw_data, 1," in script


def test_a_notebook_on_the_line_shows_two_histograms() -> None:
    notebook = write_notebook(make_config("data.name=two_bumps", *SMALL), 5, catalog())
    nbformat.validate(nbformat.reads(notebook, as_version=4))  # type: ignore[no-untyped-call]  # the library has none
    there: dict[str, Any] = {}
    exec("\n".join("".join(c["source"]) for c in json.loads(notebook)["cells"] if c["cell_type"] == "code"), there)
    kinds = [trace.type for trace in there["figure"].data]
    assert kinds == ["scatter", "scatter", "histogram", "histogram"]


def test_points_on_the_line_are_a_table_of_one_column() -> None:
    assert write_points_csv({"real": [[0.5]], "generated": [[-1.0]]}) == "group,x\nreal,0.5\ngenerated,-1\n"
    assert write_points_csv({"real": []}) == "group,x,y\n"


def test_samples_are_refined_on_the_line_by_every_technique_of_drawing() -> None:
    for unit in TECHNIQUES.values():
        if unit.key in ("truncation", "rejection", "metropolis_hastings", "langevin"):
            trainer = build("data.name=two_bumps", steps=1, techniques=[{"name": unit.key}])
            assert trainer.craft.sampling is not None
            points = probe_layers(trainer, ["refined"])["x_refined"]
            assert points.shape == (250, 1)
            assert np.isfinite(points).all()
