"""Losses against closed forms, their limits, and finite differences; promises that hold for every loss."""

import pytest
import torch
from torch import Tensor

from server.gan.losses import LOSSES

D_REAL = torch.tensor([1.0, -0.5, 2.0, 0.3], dtype=torch.float64)
D_FAKE = torch.tensor([-1.2, 0.4, 0.1, -2.0], dtype=torch.float64)
every_loss = pytest.mark.parametrize("key", list(LOSSES))


@pytest.mark.parametrize(
    ("key", "d_loss", "g_loss"),
    [
        ("non_saturating", 1.004061, 1.186906),
        ("minimax", 1.004061, -(1.186906 - 0.675)),  # -E sp(d) = -(E sp(-d) + E d), and E d = -0.675
        ("least_squares", 1.168750, 1.876250),
        ("ganlab_log", 0.979453, 1.186906),
        ("ganlab_least_squares", 0.339228, 0.438283),
    ],
)
def test_p39_golden_values(key: str, d_loss: float, g_loss: float) -> None:
    loss = LOSSES[key](D_REAL, D_FAKE)
    assert loss.discriminator.mean().item() == pytest.approx(d_loss, abs=1e-6)
    assert loss.generator.mean().item() == pytest.approx(g_loss, abs=1e-6)


@every_loss
def test_a_loss_is_given_per_example_and_per_run(key: str) -> None:
    loss = LOSSES[key](torch.zeros(3, 5), torch.zeros(3, 5))
    assert loss.discriminator.shape == loss.generator.shape == (3, 5)


@every_loss
def test_a_high_logit_means_real_to_the_discriminator(key: str) -> None:
    right = LOSSES[key](torch.tensor([1.0]), torch.tensor([0.0])).discriminator
    wrong = LOSSES[key](torch.tensor([0.0]), torch.tensor([1.0])).discriminator
    assert right < wrong


@every_loss
def test_the_generator_wants_high_logits_for_its_samples(key: str) -> None:
    low, high = torch.tensor([-0.5]), torch.tensor([0.5])
    assert LOSSES[key](low, high).generator < LOSSES[key](low, low).generator


@every_loss
@pytest.mark.parametrize("side", ["discriminator", "generator"])
def test_gradients_agree_with_finite_differences(key: str, side: str) -> None:
    def side_of(real: Tensor, fake: Tensor) -> Tensor:
        made: Tensor = getattr(LOSSES[key](real, fake), side)
        return made

    inputs = tuple(d.clone().requires_grad_() for d in (D_REAL, D_FAKE))
    if side == "generator" and not LOSSES[key].pairs:
        real = D_REAL
        assert torch.autograd.gradcheck(lambda fake: side_of(real, fake), inputs[1:])
    else:
        assert torch.autograd.gradcheck(side_of, inputs)


@every_loss
def test_extreme_logits_give_finite_losses(key: str) -> None:
    extreme = torch.tensor([1e4, -1e4])
    loss = LOSSES[key](extreme, extreme)
    assert torch.isfinite(loss.discriminator).all()
    assert torch.isfinite(loss.generator).all()


def test_the_minimax_generator_stalls_where_the_non_saturating_one_does_not() -> None:
    slopes = {}
    for key in ("minimax", "non_saturating"):
        fake = torch.tensor([-8.0], requires_grad=True)
        slopes[key] = torch.autograd.grad(LOSSES[key](fake, fake).generator.sum(), fake)[0].abs().item()
    assert slopes["minimax"] < 0.05 * slopes["non_saturating"]


def test_f6_gan_labs_log_loss_is_even_at_0487_and_reads_0675_for_half_of_its_discriminators() -> None:
    logits = torch.linspace(-0.2, 0.2, 40_001, dtype=torch.float64)
    loss = LOSSES["ganlab_log"](logits, logits)
    at_rest = loss.discriminator.argmin()
    assert torch.sigmoid(logits[at_rest]).item() == pytest.approx(0.95 / 1.95, abs=1e-5)
    assert loss.discriminator[at_rest].item() / 2 == pytest.approx(0.675, abs=5e-4)
    assert loss.generator[at_rest].item() == pytest.approx(0.719, abs=5e-4)
    assert "0.487" in LOSSES["ganlab_log"].help


def test_f6_what_repeats_another_tools_faults_says_so() -> None:
    assert {key for key in LOSSES if LOSSES[key].extra.get("legacy")} == {"ganlab_log", "ganlab_least_squares"}


def test_at_equilibrium_the_discriminator_pays_two_log_two() -> None:
    at_rest = LOSSES["non_saturating"](torch.zeros(4), torch.zeros(4)).discriminator
    assert at_rest.mean().item() == pytest.approx(1.3862944)
