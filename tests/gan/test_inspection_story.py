"""The story of one generated sample: the dots and needles of the page, layer by layer, and where it moves next."""

import json
from itertools import pairwise

import pytest
import torch
from latex2mathml.converter import convert
from torch import Tensor

from server.errors import LabError
from server.gan.inspection import SampleStory, Stage, tell_sample
from server.gan.losses import LOSSES
from server.gan.networks import ACTIVATIONS
from server.gan.optimizers import OPTIMIZERS
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.trainer import Trainer
from tests.tools import textbook
from tests.tools.runs import make_config

NAMES = ("generator.width=8", "discriminator.width=6", "batch_size=16", "data.name=gaussians")
KEYS = [
    "noise",
    *(f"generator-{layer}" for layer in (1, 2, 3)),
    "sample",
    *(f"discriminator-{layer}" for layer in (1, 2, 3)),
    *("score", "loss", "gradient", "move"),
]
INDEX = 17


def build(*assignments: str, steps: int = 5) -> Trainer:
    trainer = Trainer(make_config(*NAMES, *assignments))
    for _ in range(steps):
        trainer.step()
    return trainer


def stages_of(story: SampleStory) -> dict[str, Stage]:
    return {stage["key"]: stage for stage in story["stages"]}


@pytest.mark.parametrize("loss", list(LOSSES))
def test_a_story_is_told_as_plain_data_from_the_noise_to_the_move(loss: str) -> None:
    story = tell_sample(build(f"loss.name={loss}", "latent.dimension=5"), INDEX)
    assert json.loads(json.dumps(story, allow_nan=False)) == story
    assert [stage["key"] for stage in story["stages"]] == KEYS
    for stage in story["stages"]:
        assert stage["code"]
        for formula in stage["formula"]:
            for latex in (formula["latex"], formula["latex_numbers"]):
                assert "merror" not in convert(latex)


@pytest.mark.parametrize("index", [0, INDEX, 249])
def test_a_story_is_that_of_the_dot_on_the_page(index: int) -> None:
    trainer = build()
    story, drawn = (
        tell_sample(trainer, index),
        probe_layers(trainer, ["noise", "generated", "predictions", "gradients"]),
    )
    assert story["z"] == drawn["z"][index].tolist()
    assert story["point"] == drawn["x_fake"][index].tolist()
    assert story["logit"] == drawn["fake_logits"][index].item()
    assert story["needle"] == drawn["gradients"][index].tolist()


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_every_layers_numbers_are_those_of_the_textbook(activation: str) -> None:
    trainer = build(f"generator.activation={activation}", f"discriminator.activation={activation}")
    stages = stages_of(tell_sample(trainer, INDEX))
    x = draw_fixed_latent(trainer, Sizes())[INDEX].double()
    for name, ends in (("generator", (2, 8, 8, 2)), ("discriminator", (2, 6, 6, 1))):
        vector = trainer.state.tensors[name].double()
        for layer, (inputs, outputs) in enumerate(pairwise(ends), 1):
            size = inputs * outputs
            weight, bias, vector = vector[:size], vector[size : size + outputs], vector[size + outputs :]
            sums = x @ weight.reshape(inputs, outputs) + bias
            expected = [x, sums]
            x = sums
            if layer < 3:
                x = textbook.ACTIVATIONS[activation](sums)
                expected.append(x)
            shown = [vector["values"] for vector in stages[f"{name}-{layer}"]["vectors"]]
            assert shown == [pytest.approx(each.tolist(), rel=1e-5, abs=2e-6) for each in expected]


def follow(trainer: Trainer, point: Tensor) -> tuple[Tensor, Tensor]:
    """Score a published point (2) in double precision, and price it: (logit, the generator's loss)."""
    # The view of the two Gaussians is the unit square: its middle is at (0.5, 0.5), and 3 lab units are 0.5.
    lab = ((point - 0.5) * 6).unsqueeze(0)
    vector = trainer.state.tensors["discriminator"].double()
    logit = textbook.run_network(vector, (2, 6, 6, 1), "relu", "linear", lab)[0, 0]
    return logit, textbook.G_LOSSES[trainer.config.loss.name](logit)


@pytest.mark.parametrize("loss", list(LOSSES))
def test_what_a_sample_costs_and_where_its_needle_points_are_those_of_the_textbook(loss: str) -> None:
    trainer = build(f"loss.name={loss}")
    story = tell_sample(trainer, INDEX)
    point = torch.tensor(story["point"], dtype=torch.float64).requires_grad_()
    logit, cost = follow(trainer, point)
    (slope,) = torch.autograd.grad(cost, point)
    assert story["loss"] == pytest.approx(cost.item(), rel=1e-5, abs=1e-6)
    assert story["needle"] == pytest.approx((-slope).tolist(), rel=1e-4, abs=1e-6)
    if LOSSES[loss].extra["score"]["kind"] == "probability":
        assert story["probability"] == pytest.approx(textbook.sigma(logit).item(), rel=1e-5)
    else:
        assert story["probability"] is None


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_a_sample_moves_as_one_real_update_of_the_generator_moves_it(optimizer: str) -> None:
    trainer = build(f"g_optimizer.name={optimizer}")
    story = tell_sample(trainer, INDEX)
    copy = Trainer(trainer.config, state=trainer.state)
    copy.step("generator")
    assert story["moved"] == copy.generate(draw_fixed_latent(copy, Sizes()))[INDEX].tolist()
    assert story["moved"] != story["point"]


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_the_foretold_move_is_the_slope_of_the_generator_along_the_update(optimizer: str) -> None:
    trainer = build(f"g_optimizer.name={optimizer}", "generator.activation=tanh")
    story = tell_sample(trainer, INDEX)
    *_, last = Trainer(trainer.config, state=trainer.state).phases("generator")
    z = draw_fixed_latent(trainer, Sizes())[INDEX : INDEX + 1].double()

    def generate(vector: Tensor) -> Tensor:
        return 0.5 + textbook.run_network(vector, (2, 8, 8, 2), "tanh", "linear", z)[0] / 6

    vector, change = trainer.state.tensors["generator"].double(), last.tensors["change"].double()
    little = 1e-4
    slope = (generate(vector + little * change) - generate(vector - little * change)) / (2 * little)
    assert story["first_order"] == pytest.approx((generate(vector) + slope).tolist(), rel=1e-5)


def test_a_small_update_moves_a_sample_as_foretold() -> None:
    story = tell_sample(build("g_optimizer.name=sgd", "g_optimizer.learning_rate=0.01"), INDEX)
    assert story["moved"] is not None
    assert story["first_order"] is not None
    point, moved, foretold = (torch.tensor(story[name]).double() for name in ("point", "moved", "first_order"))
    assert (moved - foretold).norm() < 0.01 * (moved - point).norm()


def test_telling_a_story_changes_nothing() -> None:
    looked_at, left_alone = build(), build()
    for _ in range(3):
        held = looked_at.state
        tell_sample(looked_at, INDEX)
        assert looked_at.state is held
        looked_at.step()
        left_alone.step()
    assert looked_at.state.pack() == left_alone.state.pack()


@pytest.mark.parametrize("index", [-1, 250])
def test_a_sample_that_is_not_drawn_is_refused(index: int) -> None:
    with pytest.raises(LabError, match=rf"^sample: expected a whole number from 0 to 249, got {index}$"):
        tell_sample(build(steps=0), index)


def test_where_the_next_update_has_no_finite_result_there_is_no_move() -> None:
    trainer = build("loss.name=least_squares")
    tensors = dict(trainer.state.tensors)
    tensors["generator"] = tensors["generator"] * 1e19
    trainer.state = trainer.state._replace(tensors=tensors)
    story = tell_sample(trainer, INDEX)
    assert (story["moved"], story["first_order"]) == (None, None)
    assert "no finite result" in story["notes"][0]
    assert [stage["key"] for stage in story["stages"]] == KEYS[:-1]
    json.dumps(story, allow_nan=False)
