"""Losses against closed forms, their limits, and finite differences; promises that hold for every loss."""

import pytest
import torch
from torch import Tensor

from server.gan.losses import LOSSES
from server.gan.worked import write_numbers
from tests.tools.latex import evaluate_latex
from tests.tools.runs import GAMES

D_REAL = torch.tensor([1.0, -0.5, 2.0, 0.3], dtype=torch.float64)
D_FAKE = torch.tensor([-1.2, 0.4, 0.1, -2.0], dtype=torch.float64)
every_loss = pytest.mark.parametrize("key", GAMES)


@pytest.mark.parametrize(
    ("key", "d_loss", "g_loss"),
    [
        ("non_saturating", 1.004061, 1.186906),
        ("minimax", 1.004061, -(1.186906 - 0.675)),  # -E sp(d) = -(E sp(-d) + E d), and E d = -0.675
        ("least_squares", 1.168750, 1.876250),
        ("hinge", 1.175, 0.675),
        ("wasserstein", -1.375, 0.675),
        ("rpgan", 0.395292, 1.770292),
        ("ragan", 0.295515, 1.670515),
        ("ragan_least_squares", 1.036563, 6.536562),
        ("ragan_hinge", 0.243750, 2.375),
        ("fgan_kl", -0.941619, -0.758381),
        ("fgan_reverse_kl", -0.951811, 1.675),
        ("fgan_squared_hellinger", -0.422873, 0.202659),
        ("fgan_pearson", -1.024375, 0.324375),
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

    inputs = tuple((d + 0.01).requires_grad_() for d in (D_REAL, D_FAKE))  # off the corner of a hinge
    if side == "generator" and not LOSSES[key].pairs:
        real = D_REAL
        assert torch.autograd.gradcheck(lambda fake: side_of(real, fake), inputs[1:])
    else:
        assert torch.autograd.gradcheck(side_of, inputs)


@every_loss
def test_extreme_logits_give_finite_losses(key: str) -> None:
    reach = 30 if key.startswith("fgan") else 1e4  # an estimate of a divergence grows like e^d
    extreme = torch.tensor([reach, -reach])
    loss = LOSSES[key](extreme, extreme)
    assert torch.isfinite(loss.discriminator).all()
    assert torch.isfinite(loss.generator).all()


@every_loss
def test_runs_of_a_stack_do_not_mix(key: str) -> None:
    real, fake = torch.linspace(-2, 2, 30).view(2, 3, 5)
    together = LOSSES[key](real, fake)
    for run in range(3):
        alone = LOSSES[key](real[run], fake[run])
        torch.testing.assert_close(together.discriminator[run], alone.discriminator)
        torch.testing.assert_close(together.generator[run], alone.generator)


@every_loss
def test_exactly_the_losses_of_pairs_do_not_change_when_a_constant_is_added_to_every_logit(key: str) -> None:
    before, after = LOSSES[key](D_REAL, D_FAKE), LOSSES[key](D_REAL + 3, D_FAKE + 3)
    sides = [(before.discriminator, after.discriminator), (before.generator, after.generator)]
    assert all(torch.allclose(old, new, rtol=0, atol=1e-12) for old, new in sides) == LOSSES[key].pairs


@every_loss
def test_a_logit_is_shown_as_a_probability_exactly_where_the_best_discriminators_sigmoid_is_one(key: str) -> None:
    p, q = 0.6, 0.1
    kind = LOSSES[key].extra["score"]["kind"]
    if LOSSES[key].pairs:
        assert kind == "relative"
        return
    logits = torch.linspace(-6, 6, 24_001, dtype=torch.float64)
    real, fake = LOSSES[key](logits, logits).discriminator_parts
    best = torch.sigmoid(logits[(p * real + q * fake).argmin()]).item()
    assert (abs(best - p / (p + q)) < 0.01) == (kind == "probability")


@every_loss
def test_the_targets_of_a_score_are_where_the_discriminator_wants_it(key: str) -> None:
    score = LOSSES[key].extra["score"]
    if score["kind"] == "target":
        logits = torch.linspace(-2, 2, 401, dtype=torch.float64)
        real, fake = LOSSES[key](logits, logits).discriminator_parts
        cheapest = (logits[real == real.min()].min(), logits[fake == fake.min()].max())
        assert [end.item() for end in cheapest] == pytest.approx([score["real"], score["fake"]], abs=1e-9)


def slope_of_generator(key: str, logit: float) -> float:
    fake = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(LOSSES[key](torch.zeros_like(fake), fake).generator.sum(), fake)[0].item()


def test_trap_least_squares_are_of_raw_scores_and_pull_the_harder_the_further_off_they_are() -> None:
    assert slope_of_generator("least_squares", -10) == pytest.approx(-11)
    assert abs(slope_of_generator("ganlab_least_squares", -10)) < 1e-3


def test_trap_least_squares_have_their_halves() -> None:
    at_rest = LOSSES["least_squares"](torch.tensor([0.5]), torch.tensor([0.5]))
    assert at_rest.discriminator.item() == pytest.approx(0.25)


def test_trap_a_weight_on_real_points_is_not_label_smoothing() -> None:
    p, q = 0.6, 0.3
    logits = torch.linspace(-3, 3, 60_001, dtype=torch.float64)
    real, fake = LOSSES["ganlab_log"](logits, logits).discriminator_parts
    best = torch.sigmoid(logits[(p * real + q * fake).argmin()]).item()
    assert best == pytest.approx(0.95 * p / (0.95 * p + q), abs=1e-4)
    assert best != pytest.approx(0.95 * p / (p + q), abs=1e-2)


def test_trap_a_critics_loss_falls_as_real_points_score_higher_and_generated_ones_lower() -> None:
    real, fake = (torch.zeros(1, requires_grad=True) for _ in range(2))
    slopes = torch.autograd.grad(LOSSES["wasserstein"](real, fake).discriminator.sum(), (real, fake))
    assert [slope.item() for slope in slopes] == [-1, 1]


def test_hinge_has_no_slope_beyond_its_margin_and_a_full_one_within() -> None:
    real = torch.tensor([1.5, 0.5, -3.0], requires_grad=True)
    fake = torch.tensor([-1.5, -0.5, 3.0], requires_grad=True)
    slopes = torch.autograd.grad(LOSSES["hinge"](real, fake).discriminator.sum(), (real, fake))
    assert [slope.tolist() for slope in slopes] == [[0, -1, -1], [0, 1, 1]]
    assert slope_of_generator("hinge", -5) == -1


def test_pairs_are_compared_by_their_place_and_averages_are_not() -> None:
    turned = D_FAKE.roll(1)
    pairs, turned_pairs = LOSSES["rpgan"](D_REAL, D_FAKE), LOSSES["rpgan"](D_REAL, turned)
    assert pairs.discriminator.mean().item() != pytest.approx(turned_pairs.discriminator.mean().item(), abs=1e-3)
    for key in ("ragan", "ragan_least_squares", "ragan_hinge"):
        whole, again = LOSSES[key](D_REAL, D_FAKE), LOSSES[key](D_REAL, turned)
        assert whole.discriminator.mean().item() == pytest.approx(again.discriminator.mean().item(), abs=1e-12)


def test_a_relativistic_generator_learns_from_the_gap_and_not_from_its_own_score() -> None:
    real = torch.tensor([5.0, 8.0])
    fake = torch.tensor([5.0, 5.0], requires_grad=True)
    (slope,) = torch.autograd.grad(LOSSES["rpgan"](real, fake).generator.sum(), fake)
    assert slope.tolist() == pytest.approx([-0.5, -1 / (1 + 2.718281828459045**-3)])


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


@every_loss
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_the_slopes_that_a_loss_writes_are_those_of_autograd(key: str, player: str) -> None:
    loss, num_compared = LOSSES[key], 0
    scores = {"real": D_REAL.clone().requires_grad_(), "fake": D_FAKE.clone().requires_grad_()}
    templates = zip(("real", "fake"), loss.d_slopes, strict=bool(loss.d_slopes))
    if player == "generator":
        templates = zip(("fake",), loss.g_slopes, strict=bool(loss.g_slopes))
    for sort, template in templates:
        per_example = getattr(loss(scores["real"], scores["fake"]), player)
        (slopes,) = torch.autograd.grad(per_example.sum(), scores[sort], materialize_grads=True)
        for row, slope in enumerate(slopes.tolist()):
            numbers = {f"{name}_logit": values[row].item() for name, values in scores.items()}
            assert evaluate_latex(write_numbers(template, numbers, 12)) == pytest.approx(slope, rel=1e-6, abs=1e-9)
            num_compared += 1
    assert (num_compared > 0) != loss.couples
