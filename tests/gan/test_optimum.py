"""The optimal discriminator against Gaussians, whose densities are known: the generator shifts its noise, or more."""

from math import erf, sqrt
from typing import Any

import pytest
import torch
from torch import Tensor

from server.gan.losses import LOSSES
from server.gan.probes import Sizes, probe_box, probe_layers
from server.gan.regularizers import REGULARIZERS
from server.gan.techniques import TECHNIQUES
from server.gan.trainer import Trainer
from tests.tools.runs import make_config, serve_needs

STD, SHIFT = 0.3, 0.25
FLOOR = 0.04
"""The gap of the exact discriminator is not 0: the samples of a place are counted, and in most places there are few."""
EXACT = (-SHIFT / STD**2, 0.0, SHIFT**2 / STD**2 / 2)
"""The discriminator's weights and bias for which its score is log p/q, where q is p, shifted along x."""


def build(*assignments: str, generator: tuple[float, float] = (STD, SHIFT), judge: Any = EXACT, **top: Any) -> Trainer:
    """Data around 0 with a standard deviation of STD; generated samples with `generator`'s, and so far to the right."""
    data = {"name": "points", "points": [[0.0, 0.0]], "noise": STD, "units": "published"}
    flat = ("generator.hidden_layers=0", "discriminator.hidden_layers=0")
    trainer = Trainer(make_config(*flat, *assignments, **{"data": data, **top}))
    spread, shift = generator
    weights = {"generator": torch.tensor([spread, 0, 0, spread, shift, 0]), "discriminator": torch.tensor(judge)}
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, **weights})
    return trainer


def look(trainer: Trainer, cells: int = 40) -> tuple[Tensor, float]:
    arrays = probe_layers(trainer, ["optimum"], Sizes(surface=cells))
    return torch.from_numpy(arrays["optimal_surface"]).double(), float(arrays["optimal_gap"][0])


def list_places(trainer: Trainer, cells: int) -> Tensor:
    x0, x1, _, _ = probe_box(trainer.config)
    return x0 + (torch.arange(cells, dtype=torch.float64) + 0.5) / cells * (x1 - x0)


def blur(std: float, trainer: Trainer, cells: int) -> float:
    """The standard deviation of a Gaussian that is averaged over cells and then blurred by one."""
    x0, x1, _, _ = probe_box(trainer.config)
    return sqrt(std**2 + ((x1 - x0) / cells) ** 2 * 13 / 12)


def log_density(x: Tensor, y: Tensor, std: float, shift: float = 0.0) -> Tensor:
    return -((x - shift) ** 2 + y**2) / (2 * std**2) - 2 * torch.tensor(std).log()


@pytest.mark.parametrize("generator", [(STD, SHIFT), (0.45, 0.0), (0.2, -0.3)])
def test_the_best_score_is_the_logarithm_of_the_densities_ratio(generator: tuple[float, float]) -> None:
    trainer = build(generator=generator)
    surface, _ = look(trainer)
    places = list_places(trainer, 40)
    y, x = torch.meshgrid(places, places, indexing="ij")
    data, made = (blur(std, trainer, 40) for std in (STD, generator[0]))
    p, q = log_density(x, y, data), log_density(x, y, made, generator[1])
    common = torch.minimum(p, q) > torch.maximum(p, q).max() - 2
    assert common.sum() > 100
    torch.testing.assert_close(surface[common], (p - q)[common], atol=0.5, rtol=0)
    assert (surface - (p - q))[common].abs().mean() < 0.1
    assert (surface - (p - q))[common].mean().abs() < 0.05


def test_nothing_is_claimed_where_neither_sort_of_points_comes() -> None:
    surface, _ = look(build(generator=(0.01, 0.0)))
    assert surface[0, 0].abs() < 0.05
    assert surface[20, 20] < -3
    assert surface[20, 26] > 2


@pytest.mark.parametrize("cells", [40, 6])
def test_the_exact_discriminator_has_no_gap_however_coarse_the_view(cells: int) -> None:
    assert look(build(), cells)[1] < FLOOR


def test_the_gap_of_who_knows_nothing_is_half_the_distance_of_the_laws() -> None:
    """The mean of |1/2 - D*| over both laws is a quarter of the integral of |p - q|."""
    trainer = build(judge=(0.0, 0.0, 0.0))
    distance = erf(SHIFT / (2 * blur(STD, trainer, 40)) / sqrt(2))
    assert look(trainer)[1] == pytest.approx(distance / 2, abs=FLOOR / 2)


def test_who_calls_everything_real_has_a_gap_of_one_half_to_a_perfect_generator() -> None:
    trainer = build(generator=(STD, 0.0), judge=(0.0, 0.0, 30.0))
    assert look(trainer)[1] == pytest.approx(0.5, abs=FLOOR)


def test_least_squares_wants_the_share_itself() -> None:
    ratio, _ = look(build())
    share, gap = look(build("loss.name=least_squares", judge=(0.0, 0.0, 0.5)))
    torch.testing.assert_close(share, ratio.sigmoid())
    assert gap == pytest.approx(look(build(judge=(0.0, 0.0, 0.0)))[1], abs=1e-6)


def test_the_optimum_is_shown_for_the_losses_that_say_theirs() -> None:
    # What a loss needs is that data are few, which takes no optimum away.
    known = {
        key for key in LOSSES if probe_layers(Trainer(make_config("data.size=50", f"loss.name={key}")), ["optimum"])
    }
    assert known == {key for key in LOSSES if LOSSES[key].extra.get("optimum")}
    assert {"non_saturating", "minimax", "least_squares"} <= known
    assert not {"hinge", "wasserstein", "rpgan", "ganlab_log"} & known


CROWDS = {"minibatch_stddev", "minibatch_discrimination"}
MOVERS = {"label_smoothing", "instance_noise", "ada", "pacgan", "bigan", "retraining", "san"} | CROWDS
"""Units that change the labels, or what of the two laws the discriminator sees, or put others in their place."""


def test_the_optimum_is_not_shown_beside_a_unit_that_moves_it() -> None:
    hidden, told = set(), set()
    for section, units in (("regularizers", REGULARIZERS), ("techniques", TECHNIQUES)):
        for unit in units.values():
            if "non_saturating" not in unit.goes_with.get("loss", ("non_saturating",)):
                continue
            trainer = Trainer(make_config(*serve_needs(unit), **{section: [{"name": unit.key}]}))
            if not probe_layers(trainer, ["optimum"]):
                hidden.add(unit.key)
            if unit.describe()["moves_optimum"]:
                told.add(unit.key)
    assert hidden == told == MOVERS


def test_generated_samples_that_are_no_numbers_or_lie_outside_are_left_out() -> None:
    surface, _ = look(build(generator=(STD, 100.0)))
    assert (surface >= 0).all()
    assert surface[20, 20] > 2
    assert look(build(generator=(float("nan"), 0.0)))[0].isfinite().all()


@pytest.mark.parametrize(("spread", "shift"), [(0.4, 1.25), (0.6, 1.0)])
def test_on_the_line_the_best_score_is_the_logarithm_of_the_densities_ratio(spread: float, shift: float) -> None:
    flat = ("generator.hidden_layers=0", "discriminator.hidden_layers=0", "latent.dimension=1")
    trainer = Trainer(make_config(*flat, data={"name": "one_bump", "mean": 1.0, "std": 0.4}))
    judge = torch.tensor([-0.25 / 0.4**2, (1.25**2 - 1) / 2 / 0.4**2])
    weights = {"generator": torch.tensor([spread, shift]), "discriminator": judge}
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, **weights})
    surface, gap = look(trainer)
    x = list_places(trainer, 120)
    p, q = (
        -((x - middle) ** 2) / (2 * wide**2) - torch.tensor(wide).log()
        for middle, wide in ((1.0, blur(0.4, trainer, 120)), (shift, blur(spread, trainer, 120)))
    )
    common = torch.minimum(p, q) > torch.maximum(p, q).max() - 2
    assert common.sum() > 20
    torch.testing.assert_close(surface[0][common], (p - q)[common], atol=0.4, rtol=0)
    assert (surface[0] - (p - q))[common].abs().mean() < 0.15
    # The judge is exact for the first generator alone.
    assert gap < FLOOR if shift == 1.25 else gap > 2 * FLOOR
