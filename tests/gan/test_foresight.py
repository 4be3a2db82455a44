"""Unrolled GANs: the look ahead against the textbook in double precision, with no step too, and as it is told."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig
from server.gan.export.script import write_script
from server.gan.inspection import tell_sample
from server.gan.inspection.looks import look_at_generator
from server.gan.losses import LOSSES
from server.gan.monitor.vitals import measure_vitals
from server.gan.probes import Sizes
from server.gan.state import RunState
from server.gan.techniques import TECHNIQUES
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools import textbook
from tests.tools.runs import catalog, make_config
from tests.tools.telling import tell_phases

RATE = 0.3
SMALL = ("generator.width=5", "discriminator.width=4", "discriminator.activation=tanh", "batch_size=8")


def foreseeing(k: int, *assignments: str, **units: Any) -> RunConfig:
    others = units.pop("techniques", [])
    ahead = [{"name": "unrolled", "k": k, "rate": RATE}]
    return make_config(*SMALL, "loss.name=minimax", *assignments, techniques=[*ahead, *others], **units)


def unroll(loss: str, k: int, generator: Tensor, start: Tensor, z: Tensor, x_real: Tensor) -> Tensor:
    """-L_D under the discriminator after k steps of gradient descent (Metz et al., 2017, equations 2 to 5)."""
    x_fake = textbook.run_network(generator, (2, 5, 5, 2), "relu", "linear", z)

    def price(phi: Tensor) -> Tensor:
        real, fake = (
            textbook.run_network(phi, (2, 4, 4, 1), "tanh", "linear", points)[:, 0] for points in (x_real, x_fake)
        )
        return textbook.D_LOSSES[loss](real, fake).mean()

    phi = start
    for _ in range(k):
        phi = phi - RATE * torch.autograd.grad(price(phi), phi, create_graph=True)[0]
    return -price(phi)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("loss", TECHNIQUES["unrolled"].goes_with["loss"])
def test_the_generator_pays_and_moves_by_what_the_discriminator_would_become(loss: str, k: int) -> None:
    trainer = Trainer(foreseeing(k, f"loss.name={loss}"))
    start = trainer.state
    known = list(trainer.phases("generator"))[-1].known
    theta, phi = (start.tensors[name].double().requires_grad_() for name in ("generator", "discriminator"))
    expected = unroll(loss, k, theta, phi, known["z"].double(), known["x_real"].double())
    (slope,) = torch.autograd.grad(expected, theta)
    torch.testing.assert_close(known["g_loss"].double(), expected.detach(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(known["gradient"].double(), slope, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("loss", TECHNIQUES["unrolled"].goes_with["loss"])
def test_it_goes_with_losses_of_which_one_player_gets_what_the_other_pays(loss: str) -> None:
    logits = torch.linspace(-3, 3, 7), torch.linspace(2, -2, 7)
    scores = [one.requires_grad_() for one in logits]
    prices = LOSSES[loss](*scores)
    d_slope, g_slope = (
        torch.autograd.grad(one.sum(), scores[1])[0] for one in (prices.discriminator, prices.generator)
    )
    torch.testing.assert_close(g_slope, -d_slope)


def test_with_no_step_it_is_the_plain_game_to_the_last_bit() -> None:
    plain = make_config(*SMALL, "loss.name=minimax")
    ahead, without = (run_steps(Trainer(config), 20) for config in (foreseeing(0), plain))
    assert list(ahead.tensors) == list(without.tensors)
    assert all(torch.equal(ahead.tensors[name], without.tensors[name]) for name in without.tensors)


def test_the_discriminator_itself_takes_one_ordinary_step() -> None:
    ahead, plain = Trainer(foreseeing(4)), Trainer(make_config(*SMALL, "loss.name=minimax"))
    for trainer in (ahead, plain):
        trainer.step()
    assert torch.equal(ahead.state.tensors["discriminator"], plain.state.tensors["discriminator"])
    assert not torch.equal(ahead.state.tensors["generator"], plain.state.tensors["generator"])


@pytest.mark.parametrize("others", [[], ["spectral_norm", "instance_noise"], ["weight_norm", "pacgan"]])
def test_runs_of_a_stack_do_not_mix_and_each_has_a_rate_of_its_own(others: list[str]) -> None:
    techniques = [{"name": name} for name in others]
    configs = [
        make_config(
            *SMALL,
            f"seed={seed}",
            "loss.name=minimax",
            techniques=[{"name": "unrolled", "k": 2, "rate": 0.02 * (seed + 1)}, *techniques],
        )
        for seed in range(8)
    ]
    stack = run_steps(Trainer(configs), 10)
    for row in (0, 7):
        alone = run_steps(Trainer(configs[row]), 10)
        for name in ("generator", "discriminator"):
            torch.testing.assert_close(stack.tensors[name][row], alone.tensors[name], rtol=1e-3, atol=1e-5)


def test_going_back_and_on_again_gives_the_same_bits() -> None:
    config = foreseeing(3, techniques=[{"name": "spectral_norm"}])
    trainer = Trainer(config)
    middle = run_steps(trainer, 5)
    end = run_steps(trainer, 5)
    again = run_steps(Trainer(config, state=RunState.unpack(middle.pack())), 5)
    assert all(torch.equal(end.tensors[name], again.tensors[name]) for name in end.tensors)


def run_steps(trainer: Trainer, steps: int) -> RunState:
    for _ in range(steps):
        trainer.step()
    return trainer.state


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loss": "non_saturating"}, "raise the very loss that the discriminator lowers"),
        ({"regularizers": [{"name": "r1"}]}, "learns by more than it"),
        ({"techniques": [{"name": "extragradient"}]}, "answer to a later discriminator"),
        ({"techniques": [{"name": "bigan"}]}, "pairs are judged"),
        ({"loss": "mmd"}, "raise the very loss"),
    ],
)
def test_what_it_does_not_go_with_is_said_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        foreseeing(2, f"loss.name={changes.pop('loss', 'minimax')}", **changes)


def test_the_inspector_tells_the_loss_and_the_slope_of_the_look_ahead() -> None:
    trainer = Trainer(foreseeing(2))
    run_steps(trainer, 3)
    told, _ = tell_phases(trainer, "generator")
    loss = told["loss"]["numbers"]
    assert loss["loss"] == pytest.approx(sum(loss[f"{sort}_mean"] or 0 for sort in ("real", "fake")), rel=1e-4)
    assert "functional_call" in told["classify"]["code"]
    assert "g_loss = -loss" in told["loss"]["code"]
    assert any("would take because of it" in formula["meaning"] for formula in told["backward"]["formula"])


def test_looks_at_rest_are_those_of_the_look_ahead_too() -> None:
    trainer = Trainer(foreseeing(2))
    known = look_at_generator(trainer, Sizes()).known
    theta, phi = (trainer.state.tensors[name].double() for name in ("generator", "discriminator"))
    expected = unroll("minimax", 2, theta, phi.requires_grad_(), known["z"].double(), known["x_real"].double())
    assert known["g_loss"].item() == pytest.approx(expected.item(), rel=1e-4)
    story = tell_sample(trainer, 3)
    assert story["notes"] == [
        "the generator learns from the discriminator as it would be some steps later: the score and its layers are"
        " those"
    ]
    per_unit = 3 / trainer.source.box.half_extent
    assert story["needle"] == pytest.approx((-len(known["z"]) * per_unit * known["slope"][3]).tolist(), rel=1e-4)


def test_the_pull_that_is_watched_is_that_of_the_look_ahead() -> None:
    ahead, plain = (measure_vitals(Trainer(foreseeing(k)))[0].pull for k in (5, 0))
    assert ahead != pytest.approx(plain, rel=1e-3)


@pytest.mark.parametrize("others", [[], ["instance_noise", "pacgan"], ["spectral_norm"]])
def test_a_run_is_exported_as_it_trains(others: list[str], tmp_path: Path) -> None:
    config = make_config(
        "loss.name=minimax", techniques=[{"name": "unrolled", "k": 3}, *({"name": name} for name in others)]
    )
    there = run_script(write_script(config, 30, catalog()), tmp_path)
    for mine, theirs in zip(train(Trainer(config), 30), there, strict=True):
        assert theirs == pytest.approx(mine, abs=1e-4)
