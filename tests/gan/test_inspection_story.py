"""The story of one generated sample: the dots and needles of the page, layer by layer, and where it moves next."""

import ast
import json
import math
from collections.abc import Mapping
from itertools import chain, pairwise
from typing import Any

import pytest
import torch
from latex2mathml.converter import convert
from torch import Tensor, nn
from torch.nn import functional

from server.errors import LabError
from server.gan.activations import ACTIVATIONS
from server.gan.inspection import SampleStory, Stage, Underway, inspect_node, tell_sample
from server.gan.losses import LOSSES
from server.gan.optimizers import OPTIMIZERS
from server.gan.phases import Player
from server.gan.probes import Sizes, draw_fixed_data, draw_fixed_latent, probe_layers
from server.gan.trainer import Trainer
from tests.tools import textbook
from tests.tools.runs import GAMES, cross_units, make_config

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


@pytest.mark.parametrize("loss", GAMES)
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


def follow(trainer: Trainer, points: Tensor) -> tuple[Tensor, Tensor]:
    """Score published points (M, 2) in double precision, and price them: (logits, the generator's losses), each (M)."""
    real = draw_fixed_data(trainer, Sizes())[: len(points)].double()
    # The view of the two Gaussians is the unit square: its middle is at (0.5, 0.5), and 3 lab units are 0.5.
    sorts = (real, (points - 0.5) * 6)
    vector = trainer.state.tensors["discriminator"].double()
    d_real, d_fake = (textbook.run_network(vector, (2, 6, 6, 1), "relu", "linear", x)[:, 0] for x in sorts)
    return d_fake, textbook.G_LOSSES[trainer.config.loss.name](d_real, d_fake)


@pytest.mark.parametrize("loss", GAMES)
def test_what_a_sample_costs_and_where_its_needle_points_are_those_of_the_textbook(loss: str) -> None:
    trainer = build(f"loss.name={loss}")
    story = tell_sample(trainer, INDEX)
    points = torch.from_numpy(probe_layers(trainer, ["generated"])["x_fake"]).double().requires_grad_()
    logits, costs = follow(trainer, points)
    (slopes,) = torch.autograd.grad(costs.sum(), points)
    assert story["point"] == points[INDEX].tolist()
    assert story["loss"] == pytest.approx(costs[INDEX].item(), rel=1e-5, abs=1e-6)
    assert story["needle"] == pytest.approx((-slopes[INDEX]).tolist(), rel=1e-4, abs=1e-6)
    if LOSSES[loss].extra["score"]["kind"] == "probability":
        assert story["probability"] == pytest.approx(textbook.sigma(logits[INDEX]).item(), rel=1e-5)
    else:
        assert story["probability"] is None


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ("least_squares", "taught to answer 1 for real and 0 for generated"),
        ("hinge", "taught to answer 1 for real and -1 for generated"),
        ("rpgan", "Only differences mean something"),
        ("fgan_kl", "The score as a probability"),
    ],
)
def test_a_score_is_read_as_its_loss_means_it(loss: str, words: str) -> None:
    (formula,) = stages_of(tell_sample(build(f"loss.name={loss}"), INDEX))["score"]["formula"]
    assert words in formula["meaning"]


def test_the_needle_of_a_loss_of_averages_is_against_the_slope_of_the_whole_loss() -> None:
    meant = {}
    for loss in ("rpgan", "ragan"):
        *_, formula = stages_of(tell_sample(build(f"loss.name={loss}"), INDEX))["gradient"]["formula"]
        meant[loss] = (formula["latex"], formula["meaning"])
    assert r"\partial \ell" in meant["rpgan"][0]
    assert "own loss" in meant["rpgan"][1]
    assert r"-N \frac{\partial L_G}" in meant["ragan"][0]
    assert "whole loss" in meant["ragan"][1]


def follow_run(trainer: Trainer, index: int = INDEX) -> list[float]:
    """Where the run itself has the sample now."""
    point: list[float] = trainer.generate(draw_fixed_latent(trainer, Sizes()))[index].tolist()
    return point


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
@pytest.mark.parametrize("d_updates", [0, 1, 3])
def test_a_sample_moves_as_the_runs_next_step_moves_it(optimizer: str, d_updates: int) -> None:
    trainer = build(f"g_optimizer.name={optimizer}", f"d_updates={d_updates}")
    story = tell_sample(trainer, INDEX)
    trainer.step()
    assert story["moved"] == follow_run(trainer) != story["point"]


@pytest.mark.parametrize(
    ("player", "taken", "left"),
    [("both", 4, 2), ("both", 9, 1), ("both", 15, 0), ("both", 21, 0), ("discriminator", 4, 3), ("generator", 2, 0)],
    ids=["at first", "one is made", "at the generator", "at its second", "before a whole step", "alone"],
)
def test_inside_a_step_a_sample_moves_by_what_is_left_of_it(player: Player, taken: int, left: int) -> None:
    trainer = build("d_updates=2", "g_updates=2")
    start, phases = trainer.state, trainer.phases(player)
    for _ in range(taken):
        next(phases)
    story = tell_sample(trainer, INDEX, within=Underway(start, player, taken // 6))
    updates = (phase for phase in chain(phases, trainer.phases()) if phase.name == "update")
    turns = 0
    while next(updates).player == "discriminator":
        turns += 1
    assert (story["moved"], turns) == (follow_run(trainer), left)
    seen = stages_of(story)["move"]["formula"][0]["meaning"]
    assert ("makes its" in seen) == (left > 0)
    assert (f"its {left} updates first" in seen) == (left > 1)


def test_a_frozen_generator_moves_nothing() -> None:
    story = tell_sample(build("g_updates=0"), INDEX)
    assert (story["moved"], story["first_order"]) == (None, None)
    assert "frozen" in story["notes"][0]
    assert [stage["key"] for stage in story["stages"]] == KEYS[:-1]


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_the_foretold_move_is_the_slope_of_the_generator_along_the_update(optimizer: str) -> None:
    trainer = build(f"g_optimizer.name={optimizer}", "generator.activation=tanh")
    story = tell_sample(trainer, INDEX)
    *_, last = Trainer(trainer.config, state=trainer.state).phases()
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


def test_where_the_loss_has_no_slope_left_the_score_still_has_one() -> None:
    trainer = build("loss.name=minimax")
    tensors = dict(trainer.state.tensors)
    tensors["discriminator"] = tensors["discriminator"].clone()
    tensors["discriminator"][-1] -= 1000  # the output's bias: sigmoid(d) is 0 in single precision
    before = stages_of(tell_sample(trainer, INDEX))["gradient"]
    trainer.state = trainer.state._replace(tensors=tensors)
    after = stages_of(tell_sample(trainer, INDEX))["gradient"]
    names = ("score_slope_1", "score_slope_2")
    assert [after["numbers"][name] for name in names] == [before["numbers"][name] for name in names]
    assert after["formula"][-1]["latex_numbers"].endswith(r"(0,\; 0)")
    assert r"-(0) \cdot (" in after["formula"][-1]["latex_numbers"]


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


# The lines of PyTorch, run as they stand ----------------------------------------------------------------------------


def build_networks(trainer: Trainer) -> dict[str, Any]:
    """The networks as their nodes' lines build them, with the run's weights."""
    scope: dict[str, Any] = {"math": math, "torch": torch, "nn": nn, "F": functional}
    for name in ("generator", *(["discriminator"] if trainer.loss.is_game else [])):
        exec(inspect_node(trainer, name)["code"], scope)
        parts = getattr(trainer, name).split(trainer.state.tensors[name])
        for parameter, part in zip(scope[name].parameters(), parts, strict=True):
            parameter.data = (part.T if part.dim() == 2 else part).clone()  # the lab's weights are (inputs, outputs)
    return scope


def run_lines(code: str, scope: dict[str, Any], drawn: Mapping[str, Tensor]) -> Any:
    """Run lines one by one, each with the lab's own draws in place of those it made; gives what the last one shows."""
    *statements, last = ast.parse(code).body
    for statement in statements:
        exec(ast.unparse(statement), scope)
        for name in drawn.keys() & scope.keys():
            assert scope[name].shape == drawn[name].shape, "the lines draw as many"
            scope[name] = drawn[name]
    assert isinstance(last, ast.Expr)
    return eval(ast.unparse(last), scope)


def flatten(shown: Any) -> list[float]:
    parts = shown if isinstance(shown, tuple) else (shown,)
    return [number for part in parts for number in part.detach().reshape(-1).tolist()]


@pytest.mark.parametrize(("loss", "data"), cross_units(GAMES, ["gaussians", "ring8", "moons"]))
def test_the_lines_of_every_stage_give_the_numbers_beside_them(loss: str, data: str) -> None:
    check_lines(build(f"loss.name={loss}", f"data.name={data}", "g_optimizer.name=sgd", "generator.output=tanh"))


@pytest.mark.parametrize("technique", [{"name": "pacgan", "size": 3}, {"name": "minibatch_stddev"}])
def test_the_lines_of_every_stage_are_right_where_the_discriminator_sees_a_point_in_company(
    technique: dict[str, Any],
) -> None:
    changes = ("loss.name=rpgan", "data.name=gaussians", "g_optimizer.name=sgd")
    trainer = Trainer(make_config(*changes, techniques=[technique]))
    for _ in range(5):
        trainer.step()
    check_lines(trainer)


@pytest.mark.parametrize("techniques", [[], [{"name": "pacgan", "size": 3}]])
@pytest.mark.parametrize("key", ["mode_seeking", "feature_matching"])
def test_the_lines_of_every_stage_are_right_where_the_generator_pays_a_penalty(
    key: str, techniques: list[dict[str, Any]]
) -> None:
    changes = ("data.name=gaussians", "g_optimizer.name=sgd")
    check_lines(Trainer(make_config(*changes, regularizers=[{"name": key}], techniques=techniques)))


def check_lines(trainer: Trainer) -> None:
    """Run the lines of every stage of a sample's story, and compare what they show with the numbers beside them."""
    story = tell_sample(trainer, INDEX)
    stages, scope = stages_of(story), build_networks(trainer)
    drawn = {"z": draw_fixed_latent(trainer, Sizes()), "x_real": draw_fixed_data(trainer, Sizes())[:250]}
    expected: dict[str, list[Any]] = {
        "noise": story["z"],
        "sample": story["point"],
        "score": [value for value in (story["logit"], story["probability"]) if value is not None],
        "loss": [stages["loss"]["numbers"]["loss"]],
        "gradient": story["needle"] or [],
    }
    for key in KEYS[1:4] + KEYS[5:8]:
        expected[key] = [value for vector in stages[key]["vectors"][1:] for value in vector["values"]]
    for key in KEYS[:-1]:
        shown = run_lines(stages[key]["code"], scope, drawn)
        assert flatten(shown) == pytest.approx(expected[key], rel=1e-4, abs=1e-5), key
    draw = next(phase for phase in trainer.phases() if phase.player == "generator")
    scope = build_networks(trainer) | {"z": drawn["z"]}
    scope["g_optimizer"] = torch.optim.SGD(scope["generator"].parameters(), lr=0.01)
    batch = {"z_batch": draw.known["z"], "x_real": draw.known.get("x_real", drawn["x_real"])}
    shown = run_lines(stages["move"]["code"], scope, batch)
    assert flatten(shown) == pytest.approx(story["moved"], rel=1e-4, abs=1e-5)
    assert story["moved"] != story["point"]
