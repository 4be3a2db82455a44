"""A node of the overview tells what it holds now, for the very samples that are drawn on the page."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from latex2mathml.converter import convert
from torch import Tensor, nn
from torch.nn import functional

from server.errors import LabError
from server.gan.datasets import DATASETS
from server.gan.inspection import NodeInspection, inspect_node, inspect_phase
from server.gan.inspection.nodes import NODES, OF_DISCRIMINATOR
from server.gan.latents import LATENTS
from server.gan.losses import LOSSES
from server.gan.optimizers import OPTIMIZERS
from server.gan.probes import Sizes, draw_fixed_data, draw_fixed_latent, probe_layers
from server.gan.trainer import Trainer
from server.protocol.frames import LAYER_ARRAYS
from tests.tools import textbook
from tests.tools.runs import GAMES, cross_units, make_config, serve_needs

NAMES = ("generator.width=8", "discriminator.width=6", "batch_size=16", "data.name=gaussians")
PAGE = Path("static/js/graph/nodes.js")
SIZES = Sizes(generated=30, real=40, surface=10, warp=7)
every_node = pytest.mark.parametrize("node", [node for node in NODES if node != "encoder"])


def build(*assignments: str, steps: int = 5) -> Trainer:
    trainer = Trainer(make_config(*NAMES, *assignments))
    for _ in range(steps):
        trainer.step()
    return trainer


def test_there_is_an_answer_for_every_node_of_the_page_and_no_other() -> None:
    keys = re.findall(r'^    key: "([\w-]+)"', PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(keys) == sorted(NODES)


@pytest.mark.parametrize("wide", [(), ("generator.width=12", "generator.hidden_layers=3")], ids=["narrow", "wide"])
@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss not in GAMES])
def test_a_generator_without_a_game_is_told_in_formulas_that_a_browser_shows(loss: str, wide: tuple[str, ...]) -> None:
    trainer = build(f"loss.name={loss}", *serve_needs(LOSSES[loss]), *wide)
    for node in NODES.keys() - OF_DISCRIMINATOR - {"encoder"}:
        for formula in inspect_node(trainer, node)["formula"]:
            for latex in (formula["latex"], formula["latex_numbers"]):
                assert "merror" not in convert(latex)


@every_node
@pytest.mark.parametrize("loss", GAMES)
def test_a_node_is_told_as_plain_data(node: str, loss: str) -> None:
    told = inspect_node(build(f"loss.name={loss}"), node)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["node"], told["step"]) == (node, 5)
    assert told["formula"]
    assert told["code"]
    for formula in told["formula"]:
        for latex in (formula["latex"], formula["latex_numbers"]):
            assert "merror" not in convert(latex)


@every_node
def test_looking_at_a_node_changes_nothing(node: str) -> None:
    looked_at, left_alone = build(), build()
    for _ in range(3):
        held = looked_at.state
        inspect_node(looked_at, node)
        assert looked_at.state is held
        looked_at.step()
        left_alone.step()
    assert looked_at.state.pack() == left_alone.state.pack()


def test_the_encoder_s_node_tells_its_network_and_what_it_answers_or_that_there_is_none() -> None:
    trainer = Trainer(make_config(*NAMES, techniques=[{"name": "bigan"}]))
    told = inspect_node(trainer, "encoder", SIZES)
    answers = probe_layers(trainer, ["encoded"], SIZES)["z_real"]
    assert told["formula"][0]["latex"] == "E(u)"
    assert [tensor["name"] for tensor in told["tensors"]] == ["x_real", "z_real"]
    assert told["tensors"][1]["rows"][0] == pytest.approx(answers[0].tolist(), rel=1e-5)
    assert "encoder = nn.Sequential(" in told["code"]
    with pytest.raises(LabError, match=r"^node: expected one of this run, which trains no encoder, got encoder$"):
        inspect_node(build(steps=0), "encoder")


def test_a_node_that_is_not_there_is_refused() -> None:
    with pytest.raises(LabError, match=r"^node: expected one of noise, .*, got 'nowhere'$"):
        inspect_node(build(steps=0), "nowhere")


@pytest.mark.parametrize(
    ("node", "array"),
    [
        ("noise", "z"),
        ("real", "x_real"),
        ("generated", "x_fake"),
        ("predictions-real", "real_logits"),
        ("predictions-generated", "fake_logits"),
        ("g-gradients", "gradients"),
    ],
)
def test_a_node_tells_of_the_samples_that_the_page_draws(node: str, array: str) -> None:
    trainer = build()
    drawn = probe_layers(trainer, LAYER_ARRAYS)[array].astype(np.float64)
    shown = next(summary for summary in inspect_node(trainer, node)["tensors"] if summary["name"] == array)
    assert shown["shape"] == list(drawn.shape)
    assert shown["rows"] == drawn.reshape(len(drawn), -1)[:5].tolist()
    assert (shown["minimum"], shown["maximum"]) == (drawn.min(), drawn.max())


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_a_networks_node_tells_its_weights(name: str) -> None:
    trainer = build()
    parts = getattr(trainer, name).split(trainer.state.tensors[name].double())
    layers = inspect_node(trainer, name)["layers"]
    assert [layer["name"] for layer in layers] == ["hidden layer 1", "hidden layer 2", "output layer"]
    for layer, weight, bias in zip(layers, parts[::2], parts[1::2], strict=True):
        assert layer["weight"]["now"]["rows"] == weight[:5, :4].tolist()
        assert layer["weight"]["now"]["norm"] == pytest.approx(weight.norm().item(), rel=1e-12)
        assert layer["bias"]["now"]["shape"] == list(bias.shape)


class Textbook:
    """The losses of the page's samples in double precision, and their gradients."""

    def __init__(self, trainer: Trainer) -> None:
        count = SIZES.generated
        vectors = {
            name: trainer.state.tensors[name].double().requires_grad_() for name in ("generator", "discriminator")
        }
        x_fake = textbook.run_network(vectors["generator"], (2, 8, 8, 2), "relu", "linear", self.draw(trainer))
        x_real = draw_fixed_data(trainer, SIZES)[:count].double()
        d_real, d_fake = (self.classify(vectors["discriminator"], x) for x in (x_real, x_fake))
        loss = trainer.config.loss.name
        self.losses = {
            "discriminator": textbook.D_LOSSES[loss](d_real, d_fake).mean(),
            "generator": textbook.G_LOSSES[loss](d_real, d_fake).mean(),
        }
        self.gradients = {
            name: torch.autograd.grad(self.losses[name], vectors[name], retain_graph=True)[0] for name in vectors
        }

    def draw(self, trainer: Trainer) -> Tensor:
        return draw_fixed_latent(trainer, SIZES).double()

    def classify(self, vector: Tensor, x: Tensor) -> Tensor:
        return textbook.run_network(vector, (2, 6, 6, 1), "relu", "linear", x)[:, 0]


@pytest.mark.parametrize("loss", GAMES)
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_the_losses_and_gradients_of_the_drawn_samples_are_those_of_the_textbook(player: str, loss: str) -> None:
    trainer = build(f"loss.name={loss}")
    expected = Textbook(trainer)
    cost = inspect_node(trainer, f"{player[0]}-loss", SIZES)["numbers"]["loss"]
    assert cost == pytest.approx(expected.losses[player].item(), rel=1e-5, abs=1e-6)
    slopes = inspect_node(trainer, f"{player[0]}-gradients", SIZES)
    assert slopes["numbers"]["gradient_norm"] == pytest.approx(expected.gradients[player].norm().item(), rel=1e-4)
    output = slopes["layers"][-1]["bias"]["gradient"]["rows"][0][0]
    first_of_output = -2 if player == "generator" else -1
    assert output == pytest.approx(expected.gradients[player][first_of_output].item(), rel=1e-4, abs=1e-6)


# The lines of PyTorch, put together and run -------------------------------------------------------------------------


def read_network(told: NodeInspection, vector: Tensor, scope: dict[str, object]) -> nn.Module:
    """Build a network with the lines that its node shows, and give it the run's weights."""
    exec(told["code"], scope)
    network = scope[told["node"]]
    assert isinstance(network, nn.Sequential)
    place = 0
    for layer in network:
        if isinstance(layer, nn.Linear):
            for parameter in (layer.weight, layer.bias):
                part = vector[place : place + parameter.numel()]
                place += parameter.numel()
                # The lab's weights are (inputs, outputs), a Linear's the other way round.
                parameter.data = part.reshape(parameter.shape[::-1]).T.clone() if parameter.dim() == 2 else part.clone()
    return network


@pytest.mark.parametrize(("data", "latent"), cross_units(DATASETS, LATENTS))
def test_the_lines_that_draw_are_plain_pytorch(data: str, latent: str) -> None:
    trainer = build(f"data.name={data}", f"latent.name={latent}", "latent.dimension=3", steps=0)
    given = {key: np.array(value) for key, value in trainer.config.data.values.items() if isinstance(value, tuple)}
    scope: dict[str, Any] = {"torch": torch, "math": math, "np": np, **given}
    torch.manual_seed(0)  # the lines draw as a student's would, from torch's own generator
    for node, name, shape in (("noise", "z", (30, 3)), ("real", "x_real", (40, DATASETS[data].dimension))):
        exec(inspect_node(trainer, node, SIZES)["code"], scope)
        assert scope[name].shape == shape
        assert scope[name].dtype == torch.float32
    assert scope["x_real"].abs().max() < 4  # the view is [-3, 3]


def test_the_lines_that_draw_hold_the_box_to_the_last_digit() -> None:
    trainer = build("data.name=points", "data.points=[[1000.123456789, 2.0], [1001.5, 3.25]]", steps=0)
    (x, y), half_extent = trainer.source.box
    assert f"torch.tensor([{x!r}, {y!r}])) / {half_extent!r}" in inspect_node(trainer, "real")["code"]


@pytest.mark.parametrize(("loss", "optimizer"), cross_units(GAMES, OPTIMIZERS))
def test_the_lines_of_pytorch_do_what_the_phases_do(loss: str, optimizer: str) -> None:
    names = (f"loss.name={loss}", f"d_optimizer.name={optimizer}", f"g_optimizer.name={optimizer}")
    shape = ("generator.activation=elu", "generator.output=tanh", "discriminator.activation=sine")
    check_lines(build(*names, *shape, steps=0))


@pytest.mark.parametrize("keys", [["r1", "weight_clipping"], ["r2", "drift"], ["label_smoothing", "orthogonal"]])
def test_the_lines_of_a_regularized_run_do_what_its_phases_do(keys: list[str]) -> None:
    units = json.dumps([{"name": key} for key in keys])
    check_lines(build(f"regularizers={units}", "discriminator.activation=tanh", steps=0))


def check_lines(trainer: Trainer) -> None:
    """Raise where the lines that are shown, put together and run, come to other numbers than the phases."""
    scope: dict[str, object] = {"torch": torch, "nn": nn, "F": functional}
    networks = {
        name: read_network(inspect_node(trainer, name), trainer.state.tensors[name], scope)
        for name in ("generator", "discriminator")
    }
    before = trainer.state
    told = []
    for phase in trainer.phases():
        told.append((phase, inspect_phase(trainer, phase, before)))
        before = trainer.state
    made = [answer["code"].split("  # once, at the start\n") for phase, answer in told if phase.name == "update"]
    for constructor, _ in made:
        exec(constructor, scope)
    for phase, answer in told:
        if phase.name == "sample":
            scope |= dict(phase.tensors)
        elif phase.name == "update":
            exec(answer["code"].split("  # once, at the start\n")[1], scope)
        else:
            exec(answer["code"], scope)
        for name in phase.tensors.keys() & {"x_fake", "real_logits", "fake_logits", "d_loss", "g_loss"}:
            torch.testing.assert_close(scope[name], phase.tensors[name], atol=1e-5, rtol=1e-4)
    for name, network in networks.items():
        weights = [p.T.reshape(-1) if p.dim() == 2 else p for p in network.parameters()]
        torch.testing.assert_close(torch.cat(weights).detach(), trainer.state.tensors[name], atol=1e-5, rtol=1e-3)


def test_the_lines_that_build_a_network_begin_it_as_the_run_does() -> None:
    trainer = build("generator.init=orthogonal", "generator.init_gain=0.8", "discriminator.init=ganlab", steps=0)
    codes = {name: inspect_node(trainer, name)["code"] for name in ("generator", "discriminator")}
    torch.manual_seed(0)
    scope: dict[str, Any] = {"torch": torch, "nn": nn}
    exec("\n".join(codes.values()), scope)
    for layer in scope["generator"][::2]:
        expected = torch.full((min(layer.weight.shape),), 0.8)
        torch.testing.assert_close(torch.linalg.svdvals(layer.weight.detach()), expected)
        assert not layer.bias.any()
    assert "first = layer is discriminator[0]" in codes["discriminator"]
    assert not any(layer.bias.any() for layer in scope["discriminator"][::2])
    assert "init" not in inspect_node(build(steps=0), "generator")["code"]
