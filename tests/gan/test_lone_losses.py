"""What holds for every loss without a discriminator that asks its generator for something else than points."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from server.errors import ConfigError
from server.gan.config import RunConfig
from server.gan.export.notebook import write_notebook
from server.gan.export.script import write_script
from server.gan.model_file import build_model, read_model, write_model
from server.gan.probes import Sizes, probe_layers
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools.runs import catalog, make_config

SMALL: Mapping[str, tuple[str, ...]] = {
    "coupling_flow": (),
    "flow_matching": (),
    "glo": ("data.size=40",),
}
"""These losses, and what a small run needs with each."""
SIZES = Sizes(generated=20, real=30, surface=4, warp=3)
LAYERS = ["generated", "warp", "streams", "gradients", "reconstructed"]
TINY = ("generator.width=8", "discriminator.width=8", "batch_size=16")


def make_small(loss: str, *assignments: str, **top: Any) -> RunConfig:
    return make_config(f"loss.name={loss}", *SMALL[loss], *TINY, *assignments, **top)


@pytest.mark.parametrize(
    ("loss", "assignments"),
    [
        *((loss, ()) for loss in SMALL),
        ("coupling_flow", ("batch_size=1",)),
        ("coupling_flow", ("data.name=moons", "data.size=7")),
        ("flow_matching", ("batch_size=1",)),
        ("flow_matching", ("data.name=moons", "data.size=7")),
        ("glo", ("batch_size=1", "data.size=1")),
        ("glo", ("data.name=moons", "data.size=7", "latent.dimension=5")),
    ],
)
def test_a_stack_of_eight_learns_what_its_runs_do(loss: str, assignments: tuple[str, ...]) -> None:
    config = make_small(loss, *assignments)
    stack, alone = Trainer([config.with_seed(i) for i in range(8)]), Trainer(config.with_seed(3))
    for _ in range(20):
        stack.step()
        alone.step()
    for name in {"generator", "codes"} & alone.state.tensors.keys():
        torch.testing.assert_close(stack.state.tensors[name][3], alone.state.tensors[name], atol=1e-3, rtol=1e-3)
    z = torch.randn(9, stack.source.dimension, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(stack.generate(z)[3], alone.generate(z), atol=2e-3, rtol=1e-3)
    assert not torch.allclose(stack.generate(z)[3], stack.generate(z)[4])


@pytest.mark.parametrize("loss", SMALL)
def test_a_run_is_repeated_bit_for_bit_from_any_state_and_from_a_file(loss: str) -> None:
    trainer = Trainer(make_small(loss))
    for _ in range(3):
        trainer.step()
    model = read_model(write_model(build_model(trainer.config, trainer.state.pack())), catalog())
    again = Trainer(model.config, state=RunState.unpack(model.packed))
    rest = Trainer(trainer.config, state=trainer.state)
    probe_layers(trainer, LAYERS, SIZES)
    for _ in range(4):
        for one in (trainer, again, rest):
            one.step()
    for one in (again, rest):
        assert all(torch.equal(tensor, trainer.state.tensors[name]) for name, tensor in one.state.tensors.items())


NO_SENSE = [
    ("latent.name=uniform", {}, "latent.name: {} goes with latent normal, not with uniform"),
    ("", {"regularizers": [{"name": "mode_seeking"}]}, "regularizers.0.name: mode_seeking goes with a loss that"),
    ("", {"regularizers": [{"name": "r1"}]}, "regularizers.0.name: r1 goes with a loss that has a discriminator"),
    ("", {"techniques": [{"name": "langevin"}]}, "techniques.0.name: langevin goes with"),
]
"""What means nothing beside any of them."""
MORE = [
    ("coupling_flow", "latent.dimension=3", "latent.dimension: {} goes with latent dimension 2, not with 3"),
    ("coupling_flow", "data.name=two_bumps", "data.name: {} goes with data of 2 coordinates, not with 1: it keeps"),
    ("coupling_flow", "generator.output=tanh", "generator.output: {} goes with output linear, not with tanh"),
    ("flow_matching", "latent.dimension=3", "latent.dimension: {} goes with latent dimension 2, not with 3"),
    ("flow_matching", "generator.output=tanh", "generator.output: {} goes with output linear, not with tanh"),
    ("glo", "data.size=0", "loss.name: {} goes with a data.size of 1 or more, not with 0: it learns a code"),
]


@pytest.mark.parametrize(
    ("loss", "assignment", "top", "words"),
    [
        *((loss, assignment, top, words) for loss in SMALL for assignment, top, words in NO_SENSE),
        *((loss, assignment, {}, words) for loss, assignment, words in MORE),
        ("glo", "", {"techniques": [{"name": "retraining"}]}, "techniques.0.name: retraining goes with a loss that"),
        ("glo", "", {"techniques": [{"name": "bigan"}]}, "techniques.0.name: bigan goes with"),
    ],
)
def test_what_means_nothing_beside_it_is_refused(
    loss: str, assignment: str, top: Mapping[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{words.format(loss)}"):
        make_small(loss, *([assignment] if assignment else []), **top)


@pytest.mark.parametrize(
    ("loss", "assignments", "atol"),
    [
        ("coupling_flow", ("data.name=gaussians",), 1e-3),
        ("coupling_flow", ("data.size=20", "g_updates=2"), 1e-3),
        ("flow_matching", ("data.name=gaussians",), 1e-4),
        ("flow_matching", ("data.size=20", "g_updates=2", "loss.steps=3"), 1e-4),
        ("glo", ("data.name=gaussians", "data.size=40"), 1e-4),
        ("glo", ("g_updates=2", "loss.rate=0.3"), 1e-4),
        ("glo", ("latent.dimension=1",), 1e-4),
    ],
)
def test_an_exported_run_learns_the_same_and_makes_the_same_samples(
    loss: str, assignments: tuple[str, ...], atol: float, tmp_path: Path
) -> None:
    trainer = Trainer(make_small(loss, *assignments))
    script = write_script(trainer.config, 60, catalog())
    assert "discriminator =" not in script
    script += '\nwith open("samples.csv", "w", newline="") as file:\n'
    script += '    csv.writer(file).writerows(draw_samples(9, Draws(0, "look: few")).tolist())\n'
    there, here = run_script(script, tmp_path), train(trainer, 60)
    torch.testing.assert_close(torch.tensor(there), torch.tensor(here), atol=1e-5, rtol=1e-5, equal_nan=True)
    with (tmp_path / "samples.csv").open() as file:
        points = torch.tensor([[float(value) for value in row] for row in csv.reader(file)])
    source = trainer.source
    own = trainer.generate(source.sample_latent(9, source.draws("few")))
    torch.testing.assert_close(source.from_lab(points), own, atol=atol, rtol=atol)


@pytest.mark.parametrize("loss", SMALL)
def test_a_notebook_pictures_samples_drawn_as_the_run_draws_them(loss: str) -> None:
    text = write_notebook(make_small(loss), 10, catalog())
    assert "x_fake = draw_samples(500" in text
    assert "def draw_samples(count, draws):" in text
    assert "discriminator =" not in text
