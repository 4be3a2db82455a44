"""GLO: the codes of a data set, the normal law that is fitted to them, and runs in which they are learned."""

from typing import Any, cast

import numpy as np
import pytest
import torch

from server.errors import CommandError
from server.gan.codes import draw_near, fit_normal, move_codes, project, start_codes
from server.gan.config import restarts
from server.gan.export.notebook import write_notebook
from server.gan.inspection import inspect_node, tell_sample
from server.gan.inspection.looks import look_at_generator
from server.gan.losses import LOSSES
from server.gan.losses.codes import CodeLoss
from server.gan.metrics import evaluate_metrics
from server.gan.model_file import count_parameters
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.randomness import draws_for
from server.gan.trainer import Trainer
from tests.gan.test_inspection_story import build_networks, flatten, run_lines
from tests.tools.runs import catalog, make_config
from tests.tools.telling import check_price, tell_phases

GLO = cast(CodeLoss, LOSSES["glo"])
SMALL = ("loss.name=glo", "data.size=40", "generator.width=8", "discriminator.width=8", "batch_size=16")
SIZES = Sizes(generated=20, real=30, surface=4, warp=3)


def run_small(steps: int = 0, *assignments: str, **top: Any) -> Trainer:
    trainer = Trainer(make_config(*SMALL, *assignments, **top))
    for _ in range(steps):
        trainer.step()
    return trainer


def read_codes(trainer: Trainer) -> torch.Tensor:
    assert trainer.codes is not None
    return trainer.codes.clone()


# Codes ---------------------------------------------------------------------------------------------------------------


def test_only_codes_outside_of_the_unit_ball_are_brought_back_to_it() -> None:
    codes = torch.tensor([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0], [0.0, -1.0]])
    torch.testing.assert_close(project(codes), torch.tensor([[0.6, 0.8], [0.3, -0.4], [0.0, 0.0], [0.0, -1.0]]))


@pytest.mark.parametrize("dimension", [1, 2, 16])
def test_codes_begin_in_the_ball_and_not_at_one_place(dimension: int) -> None:
    codes = start_codes(500, dimension, draws_for(0, 0, "a test")).view(500, dimension)
    assert codes.norm(dim=1).max() <= 1 + 1e-6
    assert codes.std(0).min() > 0.5 / dimension**0.5


def test_a_code_that_is_picked_twice_goes_by_both_slopes_and_others_stay() -> None:
    codes = torch.tensor([[0.1, 0.0], [0.0, 0.2], [0.3, 0.3]])
    slopes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    moved = move_codes(codes, torch.tensor([0, 2, 0]), slopes, 0.1)
    torch.testing.assert_close(moved, torch.tensor([[-0.1, 0.0], [0.0, 0.2], [0.3, 0.2]]))
    assert codes[0, 0] == 0.1, "the codes before are left alone"


def test_the_fitted_law_has_the_mean_and_the_covariance_of_the_codes() -> None:
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(300, 3, generator=generator) @ torch.randn(3, 3, generator=generator) + 1
    _, factor = fit_normal(codes)
    torch.testing.assert_close(factor @ factor.mT, torch.from_numpy(np.cov(codes.numpy().T, bias=True)).float())
    torch.testing.assert_close(factor, factor.tril())
    drawn = draw_near(codes, torch.randn(200_000, 3, generator=generator))
    torch.testing.assert_close(drawn.mean(0), codes.mean(0), atol=0.02, rtol=0.02)
    torch.testing.assert_close(drawn.T.cov(), codes.T.cov(correction=0), atol=0.03, rtol=0.03)


@pytest.mark.parametrize("codes", [torch.zeros(1, 3), torch.ones(4, 2), torch.eye(2).repeat(3, 1)])
def test_codes_at_one_place_or_in_a_line_have_a_law_too(codes: torch.Tensor) -> None:
    drawn = draw_near(codes, torch.randn(50, codes.shape[1], generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(drawn.mean(0), codes.mean(0), atol=0.3, rtol=0)
    assert drawn.std(0).max() < codes.std(0, correction=0).max() + 0.2


# In runs -------------------------------------------------------------------------------------------------------------


def test_an_update_rebuilds_real_points_of_their_own_codes_and_draws_no_noise() -> None:
    trainer = run_small(0, "data.name=gaussians", "data.size=40", "g_updates=2")
    phases = list(trainer.phases())
    assert [phase.name for phase in phases] == 2 * ["sample", "generate", "loss", "backward", "update"]
    known, points = phases[4].known, trainer.source.points
    assert points is not None
    picked = [int((points == point).all(1).nonzero()[0]) for point in known["x_real"]]
    torch.testing.assert_close(known["codes"], read_codes(run_small())[picked])
    assert {"z", "x_fake"}.isdisjoint(known)
    assert trainer.state.d_updates == 0


@pytest.mark.parametrize("assignments", [[], ["loss.rate=1"], ["batch_size=64"]])
def test_weights_and_codes_go_against_the_slopes_that_autograd_finds(assignments: list[str]) -> None:
    trainer = run_small(2, "g_optimizer.name=sgd", *assignments)
    before, codes, theta = read_codes(trainer), read_codes(trainer).double(), trainer.state.tensors["generator"]
    theta, codes = theta.double().requires_grad_(), codes.requires_grad_()
    rate = trainer.config.loss.values["rate"]
    assert isinstance(rate, float)
    known = list(trainer.phases())[3].known
    chosen = trainer.source.pick_batch("generator", 0, 2)
    rebuilt = trainer.generator(trainer.generator.split(theta), codes[chosen])
    prices = (rebuilt - known["x_real"].double()).pow(2).sum(1)
    wanted, slopes = torch.autograd.grad(prices.mean(), (theta, codes))
    assert known["g_loss"].item() == pytest.approx(prices.mean().item(), rel=1e-5)
    torch.testing.assert_close(known["gradient"].double(), wanted, atol=1e-5, rtol=1e-4)
    moved = codes.detach() - rate * len(chosen) * slopes
    moved = moved / moved.norm(dim=1, keepdim=True).clamp(min=1)
    torch.testing.assert_close(read_codes(trainer).double(), moved, atol=1e-5, rtol=1e-4)
    still = [i for i in range(40) if i not in chosen.tolist()]
    assert torch.equal(read_codes(trainer)[still], project(before)[still])


def test_a_loss_with_codes_begins_a_new_run() -> None:
    without, codes = make_config("loss.name=mmd", "data.size=40"), make_config("loss.name=glo", "data.size=40")
    assert restarts(without, codes)
    assert restarts(codes, without)
    assert not restarts(codes, make_config("loss.name=glo", "data.size=40", "loss.rate=0.1"))


@pytest.mark.parametrize("technique", ["ema", "lookahead", "weight_norm", "equalized_rate", "pixel_norm", "rate_decay"])
def test_codes_are_learned_beside_what_changes_the_generator(technique: str) -> None:
    trainer = run_small(6, techniques=[{"name": technique}])
    assert not torch.equal(read_codes(trainer), read_codes(run_small(0)))
    assert trainer.rebuild().isfinite().all()


def test_known_points_are_rebuilt_and_samples_still_lie_between_the_modes() -> None:
    trainer = Trainer(make_config("loss.name=glo", "data.size=512"))
    for _ in range(1000):
        trainer.step()
    assert trainer.known is not None
    assert (trainer.rebuild() - trainer.known).square().sum(1).mean() < 0.01
    scores = evaluate_metrics(trainer, ["high_quality"])
    assert scores["high_quality"] is not None
    assert scores["high_quality"] < 0.05


# Exports -------------------------------------------------------------------------------------------------------------


def test_a_notebook_pictures_samples_of_the_law_of_the_codes() -> None:
    text = write_notebook(make_config(*SMALL), 10, catalog())
    assert "x_fake = draw_samples(500" in text
    assert "velocit" not in text


# What is shown and told ----------------------------------------------------------------------------------------------


def test_no_needles_and_no_scores_are_shown_and_real_points_come_back() -> None:
    trainer = run_small(3)
    assert probe_layers(trainer, ["gradients", "surface", "predictions", "d_gradients", "streams"], SIZES) == {}
    arrays = probe_layers(trainer, ["generated", "warp", "noise", "real", "reconstructed"], SIZES)
    assert arrays["x_real"].shape == arrays["x_reconstructed"].shape == (30, 2)
    rebuilt = trainer.generator(trainer.weights("generator"), read_codes(trainer)[:30])
    np.testing.assert_allclose(arrays["x_reconstructed"], trainer.source.from_lab(rebuilt), rtol=1e-5)
    latent = draw_near(read_codes(trainer), draw_fixed_latent(trainer, SIZES))
    made = trainer.generator(trainer.weights("generator"), latent)
    np.testing.assert_allclose(arrays["x_fake"], trainer.source.from_lab(made), rtol=1e-5)


@pytest.mark.parametrize("data", ["two_bumps", "moons"])
def test_every_phase_is_told_and_its_price_comes_out(data: str) -> None:
    trainer = run_small(2, f"data.name={data}", "data.size=40")
    told, _ = tell_phases(trainer)
    check_price(told)
    assert [one["name"] for one in told["sample"]["tensors"]] == ["x_real", "codes"]
    assert all(one["what"] for each in told.values() for one in each["tensors"])
    row = int(trainer.source.pick_batch("generator", 0, 2)[0])
    after = [told["backward"]["numbers"][f"code_after_{i}"] for i in (1, 2)]
    assert after == pytest.approx(read_codes(trainer)[row].tolist(), rel=1e-4)


def test_the_lines_of_all_phases_are_an_update_of_weights_and_of_codes() -> None:
    trainer = run_small(2, "g_optimizer.name=sgd", "loss.rate=0.3")
    scope, codes = build_networks(trainer), read_codes(trainer).requires_grad_()
    told, known = tell_phases(trainer)
    points = trainer.source.points
    assert points is not None
    drawn = {"known": points, "picked": trainer.source.pick_batch("generator", 0, 2)}
    for name in ("sample", "generate", "loss"):
        run_lines(f"{told[name]['code']}\n0", scope, drawn | ({"codes": codes} if name == "sample" else {}))
    assert scope["g_loss"].item() == pytest.approx(known["g_loss"].item(), rel=1e-5)
    run_lines("\n".join([told["backward"]["code"].split("\n")[-1], "0"]), scope, {})
    run_lines(f"{told['update']['code']}\n0", scope, {})
    torch.testing.assert_close(scope["codes"].detach(), read_codes(trainer))


def test_the_story_of_a_sample_goes_by_the_law_of_the_codes() -> None:
    trainer = run_small(3, "data.name=gaussians", "data.size=40")
    story, scope = tell_sample(trainer, 3, SIZES), build_networks(trainer)
    assert [stage["key"] for stage in story["stages"]] == ["noise", "sample", "move"]
    assert [story[name] for name in ("logit", "probability", "loss", "needle", "first_order")] == 5 * [None]
    latent = draw_near(read_codes(trainer), draw_fixed_latent(trainer, SIZES))[3]
    assert story["stages"][1]["vectors"][0]["values"] == pytest.approx(latent.tolist())
    scope |= {"z": draw_fixed_latent(trainer, SIZES), "codes": read_codes(trainer)}
    assert flatten(run_lines(story["stages"][1]["code"], scope, {})) == pytest.approx(story["point"], rel=1e-4)
    trainer.step()
    assert story["moved"] == pytest.approx(trainer.generate(draw_fixed_latent(trainer, SIZES))[3].tolist(), rel=1e-5)


def test_nodes_are_told_and_those_of_the_discriminator_refused() -> None:
    trainer = run_small(2)
    for node in ("discriminator", "predictions-real", "predictions-generated", "d-loss", "d-gradients"):
        with pytest.raises(CommandError, match="takes part with the loss"):
            inspect_node(trainer, node, SIZES)
    told = {node: inspect_node(trainer, node, SIZES) for node in ("noise", "generator", "real", "generated", "g-loss")}
    assert all(each["formula"] for each in told.values())
    gradients = inspect_node(trainer, "g-gradients", SIZES)
    assert [one["name"] for one in gradients["tensors"]] == ["rebuilt_slope", "code_slope", "gradient"]
    known = look_at_generator(trainer, SIZES).known
    points = trainer.source.points
    assert points is not None
    torch.testing.assert_close(known["x_real"], points[:20])


def test_what_a_loss_needs_is_a_fact_of_it() -> None:
    facts = GLO.describe()
    assert facts["needs"] == {"data.size": 512}
    assert facts["has_codes"]
    assert count_parameters(make_config(*SMALL))["codes"] == 80
    assert not facts["makes_points"]
