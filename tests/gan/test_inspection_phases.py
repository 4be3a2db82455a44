"""The numbers that are shown inside a step, against the same step computed in double precision from the textbook."""

import json
from collections.abc import Iterator
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

import pytest
import torch
from latex2mathml.converter import convert
from torch import Tensor

from server.gan.activations import ACTIVATIONS
from server.gan.config import RunConfig
from server.gan.inspection import PhaseInspection, inspect_phase
from server.gan.inspection.answers import TensorSummary
from server.gan.inspection.tellers import LOGIT_SYMBOLS
from server.gan.losses import LOSSES
from server.gan.optimizers import OPTIMIZERS
from server.gan.phases import Phase
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.gan.worked import write_number, write_symbols
from tests.tools import textbook
from tests.tools.latex import evaluate_latex
from tests.tools.runs import GAMES, cross_units, make_config


class Tolerance(NamedTuple):
    """How far a number may lie from what is expected: by a part of it, or by so much."""

    rel: float
    abs: float


SMALL = ("generator.width=8", "discriminator.width=6", "batch_size=16", "data.name=gaussians", "d_updates=2")
# The lab computes in single precision, about 1e-7 of a number; sums, products and an optimizer's quotient lose more.
FORWARD = Tolerance(rel=1e-5, abs=2e-6)
BACKWARD = Tolerance(rel=1e-4, abs=2e-6)
MOVE = Tolerance(rel=2e-3, abs=1e-6)
ARITHMETIC = Tolerance(rel=2e-5, abs=1e-12)
EXACT = Tolerance(rel=0, abs=0)

every_loss_and_optimizer = pytest.mark.parametrize(("loss", "optimizer"), cross_units(GAMES, OPTIMIZERS))


def walk(*assignments: str, steps: int = 3) -> Iterator[tuple[Phase, RunState, RunState, PhaseInspection]]:
    """Train a few steps, then walk one: each phase, the states before and after it, and what is told of it."""
    trainer = Trainer(make_config(*SMALL, *assignments))
    for _ in range(steps):
        trainer.step()
    before = trainer.state
    for phase in trainer.phases():
        yield phase, before, trainer.state, inspect_phase(trainer, phase, before)
        before = trainer.state


class Update:
    """One update in double precision, from the state before it and from the points that it drew."""

    def __init__(self, config: RunConfig, before: RunState, phase: Phase) -> None:
        self.config, self.before, self.player = config, before, phase.player
        self.z = phase.known["z"].double()
        self.weights = {name: before.tensors[name].double().requires_grad_() for name in ("generator", "discriminator")}
        self.x_fake = self.run("generator", self.z)
        self.fake_logits = self.run("discriminator", self.x_fake)[:, 0]
        self.real_logits = self.fake_logits  # of a generator's update that sees no real points
        if "x_real" in phase.known:
            self.x_real = phase.known["x_real"].double()
            self.real_logits = self.run("discriminator", self.x_real)[:, 0]
        losses = textbook.D_LOSSES if phase.player == "discriminator" else textbook.G_LOSSES
        self.per_example = losses[config.loss.name](self.real_logits, self.fake_logits)
        self.loss = self.per_example.mean()
        self.gradient = self.slope_of(self.weights[phase.player])

    def run(self, name: str, x: Tensor) -> Tensor:
        facts = getattr(self.config, name)
        inputs, outputs = (x.shape[1], 2) if name == "generator" else (2, 1)
        sizes = (inputs, *[facts.width] * facts.hidden_layers, outputs)
        return textbook.run_network(self.weights[name], sizes, facts.activation, facts.output, x)

    def slope_of(self, variable: Tensor) -> Tensor:
        return torch.autograd.grad(self.loss, variable, retain_graph=True)[0]


def near(expected: Any, tolerance: Tolerance) -> Any:
    return pytest.approx(expected, rel=tolerance.rel, abs=tolerance.abs)


def publish(points: Tensor) -> Tensor:
    """The view of the two Gaussians is the unit square: its middle is at (0.5, 0.5), and 3 lab units are 0.5."""
    return 0.5 + points * (0.5 / 3)


def check_summary(shown: TensorSummary, expected: Tensor, tolerance: Tolerance) -> None:
    assert shown["shape"] == list(expected.shape)
    extremes = (shown["minimum"], shown["maximum"], shown["mean"])
    assert extremes == near([expected.min().item(), expected.max().item(), expected.mean().item()], tolerance)
    rows = expected.reshape(len(expected), -1)[:5, :4] if expected.dim() else expected.reshape(1, 1)
    for shown_row, row in zip(shown["rows"], rows.tolist(), strict=True):
        assert shown_row == near(row, tolerance)


def check_numbers(told: PhaseInspection, expected: dict[str, Tensor | float], tolerance: Tolerance) -> None:
    numbers = {name: value.item() if isinstance(value, Tensor) else value for name, value in expected.items()}
    assert {name: told["numbers"][name] for name in numbers} == near(numbers, tolerance)


@every_loss_and_optimizer
def test_the_numbers_of_every_phase_are_those_of_the_textbook(loss: str, optimizer: str) -> None:
    seen = []
    names = (f"loss.name={loss}", f"d_optimizer.name={optimizer}", f"g_optimizer.name={optimizer}")
    config = make_config(*SMALL, *names)
    for phase, before, after, told in walk(*names):
        update = Update(config, before, phase)
        summaries = {summary["name"]: summary for summary in told["tensors"]}
        assert list(summaries) == list(phase.tensors)
        CHECKS[phase.name](update, told, summaries, after)
        seen.append((told["player"], told["update"], told["name"], told["step"]))
    turns = [("discriminator", 1), ("discriminator", 2), ("generator", 1)]
    assert seen == [(player, number, name, 4) for player, number in turns for name in CHECKS]


Summaries = dict[str, TensorSummary]


def check_sample(update: Update, told: PhaseInspection, shown: Summaries, after: RunState) -> None:
    check_summary(shown["z"], update.z, EXACT)
    check_numbers(told, {"z_1": update.z[0, 0], "z_2": update.z[0, 1]}, EXACT)
    assert ("x_real" in shown) == (update.player == "discriminator" or LOSSES[update.config.loss.name].pairs)
    if "x_real" in shown:
        x_real = publish(update.x_real)
        check_summary(shown["x_real"], x_real, FORWARD)
        check_numbers(told, {"x_1": x_real[0, 0], "x_2": x_real[0, 1]}, FORWARD)


def check_generate(update: Update, told: PhaseInspection, shown: Summaries, after: RunState) -> None:
    x_fake = publish(update.x_fake.detach())
    check_summary(shown["x_fake"], x_fake, FORWARD)
    output = {"layer_3_sum": update.x_fake[0, 0], "layer_3_bias": update.weights["generator"][-2]}
    check_numbers(told, {"x_1": x_fake[0, 0], "x_2": x_fake[0, 1], **output}, FORWARD)
    assert told["numbers"]["layer_3_dot"] == near((output["layer_3_sum"] - output["layer_3_bias"]).item(), FORWARD)


def check_classify(update: Update, told: PhaseInspection, shown: Summaries, after: RunState) -> None:
    sorts = {"fake": update.fake_logits}
    if "real_logits" in shown:
        sorts["real"] = update.real_logits
    for sort, logits in sorts.items():
        check_summary(shown[f"{sort}_logits"], logits.detach(), FORWARD)
        check_numbers(told, {f"{sort}_logit": logits[0], f"{sort}_mean": logits.mean()}, FORWARD)
        if LOSSES[update.config.loss.name].extra["score"]["kind"] == "probability":
            check_numbers(told, {f"{sort}_probability": textbook.sigma(logits[0])}, FORWARD)
        else:
            assert f"{sort}_probability" not in told["numbers"]


def check_loss(update: Update, told: PhaseInspection, shown: Summaries, after: RunState) -> None:
    check_summary(shown["per_example"], update.per_example.detach(), FORWARD)
    check_summary(shown[f"{update.player[0]}_loss"], update.loss.detach(), FORWARD)
    check_numbers(told, {"loss": update.loss, "per_example": update.per_example[0], "N": 16}, FORWARD)
    check_numbers(told, {"fake_logit": update.fake_logits[0]}, FORWARD)
    parts = [value for name, value in told["numbers"].items() if name.endswith("_mean") and value is not None]
    loss = LOSSES[update.config.loss.name]
    assert len(parts) == len(loss.d_parts if update.player == "discriminator" else loss.g_parts)
    assert sum(parts) == near(update.loss.item(), FORWARD)
    means: dict[str, Tensor | float] = {
        "mean_real_logit": update.real_logits.mean(),
        "mean_fake_logit": update.fake_logits.mean(),
    }
    check_numbers(told, means if loss.couples else {}, FORWARD)


def check_backward(update: Update, told: PhaseInspection, shown: Summaries, after: RunState) -> None:
    check_summary(shown["gradient"], update.gradient, BACKWARD)
    check_summary(shown["fake_logit_gradient"], update.slope_of(update.fake_logits), BACKWARD)
    check_numbers(told, {"gradient_norm": update.gradient.norm()}, BACKWARD)
    if update.player == "generator":
        check_summary(shown["slope"], update.slope_of(update.x_fake), BACKWARD)
        uphill = torch.autograd.grad(update.fake_logits[0], update.x_fake, retain_graph=True)[0][0]
        check_numbers(told, {"score_slope_1": uphill[0], "score_slope_2": uphill[1]}, BACKWARD)
    else:
        check_summary(shown["real_logit_gradient"], update.slope_of(update.real_logits), BACKWARD)
    for (name, weight, bias), layer in zip(split_layers(update, update.gradient), told["layers"], strict=True):
        assert layer["name"] == name
        assert layer["weight"]["gradient"]["norm"] == near(weight.norm().item(), BACKWARD)
        assert layer["weight"]["gradient"]["maximum"] == near(weight.max().item(), BACKWARD)
        assert layer["weight"]["gradient"]["shape"] == list(weight.shape)
        assert layer["bias"]["gradient"]["norm"] == near(bias.norm().item(), BACKWARD)
        assert layer["bias"]["gradient"]["rows"][0] == near([bias[0].item()], BACKWARD)


def check_update(update: Update, told: PhaseInspection, shown: Summaries, after: RunState) -> None:
    letter = update.player[0]
    chosen = getattr(update.config, f"{letter}_optimizer")
    values = {key: float(value) for key, value in chosen.values.items()}
    t = getattr(update.before, f"{letter}_optimizer_steps") + 1
    change = []
    for place, slope in enumerate(update.gradient.tolist()):
        change.append(textbook.MOVES[chosen.name](slope, read_slots(update, place), t, values)[0])
    check_summary(shown["change"], torch.tensor(change).double(), MOVE)
    place = max(range(len(change)), key=lambda i: abs(change[i]))
    numbers = told["numbers"]
    weight = update.before.tensors[update.player][place].item()
    check_numbers(told, {"gradient": update.gradient[place]}, BACKWARD)
    check_numbers(told, {"change": change[place], "weight": weight + change[place]}, MOVE)
    check_numbers(told, {"weight_before": weight, "t": t, **values}, EXACT)
    assert numbers["gradient"] is not None
    moved, made = textbook.MOVES[chosen.name](numbers["gradient"], read_slots(update, place), t, values)
    check_numbers(told, {"change": moved, "weight": weight + moved, **made}, ARITHMETIC)
    check_layers(update, told, after)


def check_layers(update: Update, told: PhaseInspection, after: RunState) -> None:
    """What is shown of every layer before and after is the state's; and after = before + step, to the last bit."""
    states = {"before": update.before.tensors[update.player], "after": after.tensors[update.player]}
    for view, vector in states.items():
        for (name, weight, bias), layer in zip(split_layers(update, vector.double()), told["layers"], strict=True):
            assert layer["name"] == name
            assert layer["weight"][view]["rows"] == weight[:5, :4].tolist()  # type: ignore[index]  # one of the views
            assert layer["bias"][view]["norm"] == pytest.approx(bias.norm().item(), rel=1e-12)  # type: ignore[index]
    for layer in told["layers"]:
        for parameter in (layer["weight"], layer["bias"]):
            before, step, moved = (torch.tensor(parameter[view]["rows"]) for view in ("before", "step", "after"))
            assert torch.equal(before + step, moved)


def split_layers(update: Update, vector: Tensor) -> list[tuple[str, Tensor, Tensor]]:
    """The layers' names, weights and biases, counted out by hand: two hidden layers and the output's."""
    ends = (2, 8, 8, 2) if update.player == "generator" else (2, 6, 6, 1)
    layers, place = [], 0
    for name, (inputs, outputs) in zip(
        ("hidden layer 1", "hidden layer 2", "output layer"), pairwise(ends), strict=True
    ):
        end = place + inputs * outputs
        layers.append((name, vector[place:end].reshape(inputs, outputs), vector[end : end + outputs]))
        place = end + outputs
    return layers


def read_slots(update: Update, place: int) -> dict[str, float]:
    prefix = f"{update.player[0]}_optimizer."
    tensors = update.before.tensors
    return {name.removeprefix(prefix): slot[place].item() for name, slot in tensors.items() if name.startswith(prefix)}


CHECKS = {
    "sample": check_sample,
    "generate": check_generate,
    "classify": check_classify,
    "loss": check_loss,
    "backward": check_backward,
    "update": check_update,
}


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_the_scores_are_those_of_the_textbook_with_every_activation(activation: str) -> None:
    names = (f"generator.activation={activation}", f"discriminator.activation={activation}", "generator.output=tanh")
    config = make_config(*SMALL, *names)
    for phase, before, after, told in walk(*names):
        if phase.name in ("generate", "classify", "backward"):
            summaries = {summary["name"]: summary for summary in told["tensors"]}
            update = Update(config, before, phase)
            if phase.name != "generate":
                CHECKS[phase.name](update, told, summaries, after)
            else:
                check_summary(summaries["x_fake"], publish(update.x_fake.detach()), FORWARD)
                check_numbers(told, {"layer_3_activation": update.x_fake[0, 0]}, FORWARD)


@every_loss_and_optimizer
def test_looking_changes_nothing(loss: str, optimizer: str) -> None:
    config = make_config(*SMALL, f"loss.name={loss}", f"d_optimizer.name={optimizer}", f"g_optimizer.name={optimizer}")
    looked_at, left_alone = Trainer(config), Trainer(config)
    for _ in range(2):
        before = looked_at.state
        for phase in looked_at.phases():
            held, kept = looked_at.state, {name: tensor.clone() for name, tensor in looked_at.state.tensors.items()}
            inspect_phase(looked_at, phase, before)
            assert looked_at.state is held
            assert all(torch.equal(held.tensors[name], tensor) for name, tensor in kept.items())
            before = looked_at.state
        left_alone.step()
    assert looked_at.state.pack() == left_alone.state.pack()


@every_loss_and_optimizer
def test_every_formula_is_one_that_the_page_can_write(loss: str, optimizer: str) -> None:
    names = (f"loss.name={loss}", f"d_optimizer.name={optimizer}", f"g_optimizer.name={optimizer}")
    for _, _, _, told in walk(*names, "latent.dimension=7"):
        for formula in told["formula"]:
            for latex in (formula["latex"], formula["latex_numbers"]):
                assert "<" not in latex
                assert "merror" not in convert(latex)
            assert formula["meaning"].endswith(".")
        assert told["formula"]
        assert told["code"]
        assert told["subject"]


@every_loss_and_optimizer
def test_what_is_worked_out_with_the_shown_numbers_is_what_is_shown(loss: str, optimizer: str) -> None:
    num_checked = 0
    names = (f"loss.name={loss}", f"d_optimizer.name={optimizer}", f"g_optimizer.name={optimizer}")
    for _, _, _, told in walk(*names, "generator.activation=silu", "discriminator.activation=tanh"):
        for formula in told["formula"]:
            parts = formula["latex_numbers"].split(" = ")
            if len(parts) == 3 and r"\;" not in parts[1]:
                # Four digits of each term are shown, so a difference is less exact than its terms.
                assert evaluate_latex(parts[1]) == pytest.approx(evaluate_latex(parts[2]), rel=5e-3, abs=5e-4)
                num_checked += 1
    assert num_checked >= 30


def test_a_loss_of_pairs_is_told_with_both_scores() -> None:
    told = {one["name"]: one for _, _, _, one in walk("loss.name=rpgan") if one["player"] == "generator"}
    numbers = told["loss"]["numbers"]
    assert [summary["name"] for summary in told["sample"]["tensors"]] == ["z", "x_real"]
    assert {"real_mean", "fake_mean"} <= told["classify"]["numbers"].keys()
    assert numbers["pair_mean"] == pytest.approx(numbers["loss"], rel=1e-6)
    gap = numbers["real_logit"] - numbers["fake_logit"]  # type: ignore[operator]  # both are finite
    assert f"sp({write_number(gap)})" in told["loss"]["formula"][1]["latex_numbers"].replace(r"\mathrm{sp}", "sp")


def test_a_loss_of_averages_tells_them_and_whom_its_slopes_concern() -> None:
    told = {(one["player"], one["name"]): one for _, _, _, one in walk("loss.name=ragan")}
    for player in ("discriminator", "generator"):
        formulas = [formula["latex"] for formula in told[player, "loss"]["formula"]]
        assert r"\overline{d}_{\text{real}} = " in formulas[0]
        assert r"\overline{d}_{\text{fake}} = " in formulas[1]
        slopes = told[player, "backward"]["formula"]
        assert r"\sum_{j=1}^{N} \ell_j" in slopes[0]["latex"]
        assert "price of every example" in slopes[0]["meaning"]


def test_a_histogram_counts_every_finite_number() -> None:
    for _, _, _, told in walk("latent.dimension=3"):
        for shown in told["tensors"]:
            if shown["histogram"] is not None:
                assert sum(shown["histogram"]["counts"]) == torch.Size(shown["shape"]).numel()
                assert len(shown["histogram"]["edges"]) == len(shown["histogram"]["counts"]) + 1
                assert len(shown["histogram"]["counts"]) <= 16


def test_numbers_that_are_not_finite_are_left_out_and_told_in_words() -> None:
    trainer = Trainer(make_config(*SMALL, "loss.name=least_squares"))
    tensors = dict(trainer.state.tensors)
    tensors["generator"] = tensors["generator"] * 1e19
    trainer.state = trainer.state._replace(tensors=tensors)
    phases = trainer.phases()
    told = [inspect_phase(trainer, next(phases), trainer.state) for _ in range(4)]
    assert told[-1]["numbers"]["loss"] is None
    assert any("infinite or not a number" in note for note in told[-1]["notes"])
    for answer in told:
        json.dumps(answer, allow_nan=False)
        for formula in answer["formula"]:
            convert(formula["latex_numbers"])


def test_the_default_run_is_told_as_plain_data_with_finite_numbers() -> None:
    trainer = Trainer(make_config())
    before = trainer.state
    for phase in trainer.phases():
        told = inspect_phase(trainer, phase, before)
        assert json.loads(json.dumps(told, allow_nan=False)) == told
        assert all(value is not None and isfinite(value) for value in told["numbers"].values())
        before = trainer.state


def test_each_player_has_its_own_letters() -> None:
    letters = {"discriminator": (r"\phi", r"\theta", "(D", "(G"), "generator": (r"\theta", r"\phi", "(G", "(D")}
    seen = set()
    for _, _, _, told in walk():
        if told["name"] in ("backward", "update"):
            own, other, layer, other_layer = letters[told["player"]]
            text = " ".join(formula[form] for formula in told["formula"] for form in ("latex", "latex_numbers"))
            assert own in text
            assert f"^{{{layer}" in text
            assert other not in text
            assert f"^{{{other_layer}" not in text
            seen.add((told["player"], told["name"]))
    assert len(seen) == 4


@pytest.mark.parametrize("loss", GAMES)
def test_backward_shows_the_slope_formula_of_the_loss(loss: str) -> None:
    unit, turns = LOSSES[loss], 0
    for _, _, _, told in walk(f"loss.name={loss}"):
        if told["name"] == "backward":
            left = r"\frac{\partial \ell}{\partial d("
            shown = [one["latex"].split(" = ")[1] for one in told["formula"] if one["latex"].startswith(left)]
            templates = unit.d_slopes if told["player"] == "discriminator" else unit.g_slopes
            assert shown == [write_symbols(template, LOGIT_SYMBOLS) for template in templates]
            turns += 1
    assert turns == 3
