"""The f-GAN losses against the divergences that they are named after, on laws of a few points."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from server.gan.losses import LOSSES

P = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
Q = torch.tensor([0.1, 0.15, 0.25, 0.5], dtype=torch.float64)

F: dict[str, Callable[[Tensor], Tensor]] = {
    "fgan_kl": lambda u: u * torch.log(u),
    "fgan_reverse_kl": lambda u: -torch.log(u),
    "fgan_squared_hellinger": lambda u: (torch.sqrt(u) - 1) ** 2,
    "fgan_pearson": lambda u: (u - 1) ** 2,
}
"""The f of each divergence, D_f(p || q) = sum of q f(p / q)."""
DIVERGENCES: dict[str, Tensor] = {
    "fgan_kl": (P * torch.log(P / Q)).sum(),
    "fgan_reverse_kl": (Q * torch.log(Q / P)).sum(),
    "fgan_squared_hellinger": ((P.sqrt() - Q.sqrt()) ** 2).sum(),
    "fgan_pearson": ((P - Q) ** 2 / Q).sum(),
}
every_divergence = pytest.mark.parametrize("key", list(F))


def price(key: str, logits: Tensor) -> Tensor:
    """The discriminator's loss under the two laws, for a logit at each point."""
    real, fake = LOSSES[key](logits, logits).discriminator_parts
    whole: Tensor = (P * real + Q * fake).sum()
    return whole


def train_discriminator(key: str) -> Tensor:
    """The logits that lower the discriminator's loss as far as it goes."""
    logits = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, line_search_fn="strong_wolfe", tolerance_change=1e-14)

    def measure() -> Tensor:
        optimizer.zero_grad()
        loss = price(key, logits)
        loss.backward()  # type: ignore[no-untyped-call]  # torch gives it no types
        return loss

    optimizer.step(measure)  # type: ignore[no-untyped-call]  # torch gives it no types
    return logits.detach()


def test_every_divergence_of_the_lab_is_here() -> None:
    assert [key for key in LOSSES if key.startswith("fgan")] == list(F)


@every_divergence
def test_the_least_loss_of_a_discriminator_is_minus_the_divergence(key: str) -> None:
    assert price(key, train_discriminator(key)).item() == pytest.approx(-DIVERGENCES[key].item(), abs=1e-9)


@every_divergence
def test_any_other_discriminator_estimates_the_divergence_from_below(key: str) -> None:
    for seed in range(50):
        logits = 3 * torch.randn(4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        assert -price(key, logits) < DIVERGENCES[key]


@every_divergence
def test_the_best_logit_is_zero_where_both_laws_agree_and_says_their_ratio_elsewhere(key: str) -> None:
    expected = 2 * (P / Q - 1) if key == "fgan_pearson" else torch.log(P / Q)
    torch.testing.assert_close(train_discriminator(key), expected, atol=1e-5, rtol=1e-5)


@every_divergence
def test_what_a_generated_example_costs_is_the_conjugate_of_what_a_real_one_pays(key: str) -> None:
    u = torch.cat((torch.zeros(1), torch.logspace(-12, 3, 300_001))).double().clamp_min(1e-300)
    for logit in (-3.0, -1.0, 0.0, 0.7, 2.0):
        loss = LOSSES[key](*torch.full((2, 1), logit, dtype=torch.float64))
        real, fake = (part.item() for part in loss.discriminator_parts)
        assert (u * -real - F[key](u)).max().item() == pytest.approx(fake, abs=1e-6)


@every_divergence
def test_the_generators_price_is_the_slope_of_the_divergence_at_its_samples(key: str) -> None:
    q = Q.clone().requires_grad_()
    (slope,) = torch.autograd.grad((q * F[key](P / q)).sum(), q)
    best = train_discriminator(key)
    torch.testing.assert_close(LOSSES[key](best, best).generator, slope, atol=1e-6, rtol=1e-6)


def test_the_generator_of_the_pearson_game_is_never_rewarded_for_a_lower_score() -> None:
    fake = torch.linspace(-8, 8, 33, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(LOSSES["fgan_pearson"](fake, fake).generator.sum(), fake)
    assert (slope <= 0).all()
    assert (slope[fake < -2] == 0).all()


def test_the_reverse_kl_generator_never_stalls_and_the_kl_generator_does() -> None:
    slopes = {}
    for key in ("fgan_kl", "fgan_reverse_kl"):
        fake = torch.tensor([-8.0], requires_grad=True)
        slopes[key] = torch.autograd.grad(LOSSES[key](fake, fake).generator.sum(), fake)[0].item()
    assert slopes["fgan_reverse_kl"] == -1
    assert abs(slopes["fgan_kl"]) < 1e-3
