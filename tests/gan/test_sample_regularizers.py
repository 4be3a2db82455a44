"""What the generator pays for its samples: closed forms, finite differences, and in runs."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from server.gan.export.script import write_script
from server.gan.inspection.looks import look_at_generator
from server.gan.probes import Sizes
from server.gan.regularizers import REGULARIZERS
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools.latex import evaluate_latex
from tests.tools.runs import catalog, make_config
from tests.tools.telling import tell_phases

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
MODE_SEEKING = {"name": "mode_seeking", "weight": 0.5}


def seek(z: Tensor, x: Tensor, weight: float = 1.0) -> Tensor:
    return REGULARIZERS["mode_seeking"](z, x, weight=weight)


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_mode_seeking_is_one_over_the_ratio_of_the_batchs_mean_distances() -> None:
    z = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    x = torch.tensor([[0.0, 0.0], [0.0, 0.0], [3.0, 1.0], [0.0, 2.0]])
    # Pairs (0, 2) and (1, 3): |z - z'| is 2 and 1, |x - x'| is 4 and 2, over two coordinates of two pairs each.
    assert seek(z, x, 3.0).item() == pytest.approx(3 / ((6 / 4) / (3 / 4) + 1e-5))


def test_it_is_a_ratio_of_means_and_no_mean_of_ratios() -> None:
    z, x = torch.tensor([[0.0], [0.0], [1.0], [3.0]]), torch.zeros(4, 2)
    x[2, 0], x[3, 0] = 2.0, 2.0
    assert seek(z, x).item() == pytest.approx(1 / ((4 / 4) / (4 / 2) + 1e-5))


def test_samples_spread_out_when_they_follow_its_slope() -> None:
    z, x = draw(6, 3), (0.1 * draw(6, 2)).requires_grad_()
    (slope,) = torch.autograd.grad(seek(z, x).sum(), x)
    assert seek(z, x.detach() - 1e-4 * slope) < seek(z, x.detach())
    assert torch.autograd.gradcheck(lambda points: seek(z, points), (x,))


@pytest.mark.parametrize("count", [2, 5])
def test_samples_that_are_all_one_point_cost_much_and_have_a_finite_slope(count: int) -> None:
    x = torch.zeros(count, 2, requires_grad=True)
    cost = seek(draw(count, 3).float(), x)
    (slope,) = torch.autograd.grad(cost.sum(), x)
    assert cost.item() == pytest.approx(1e5)
    assert torch.equal(slope, torch.zeros(count, 2))


@pytest.mark.parametrize("z", [torch.ones(1, 3), torch.ones(6, 3)], ids=["a batch of one", "one latent"])
def test_where_no_noise_is_apart_nothing_is_kept_apart(z: Tensor) -> None:
    x = draw(len(z), 2).float().requires_grad_()
    cost = seek(z, x)
    (slope,) = torch.autograd.grad(cost.sum(), x)
    assert cost.item() == 0
    assert torch.equal(slope, torch.zeros_like(x))


@pytest.mark.parametrize("loss", ["non_saturating", "rpgan", "mmd"])
def test_the_generators_loss_and_gradient_hold_its_penalty(loss: str) -> None:
    config = make_config(*SMALL, f"loss.name={loss}", regularizers=[MODE_SEEKING])
    trainer, plain = Trainer(config), Trainer(make_config(*SMALL, f"loss.name={loss}"))
    theta = trainer.state.tensors["generator"].clone().requires_grad_()
    known = list(trainer.phases("generator"))[-1].known
    without = list(plain.phases("generator"))[-1].known
    x_fake = trainer.generator(trainer.generator.split(theta), known["z"])
    cost = seek(known["z"], x_fake, 0.5)
    torch.testing.assert_close(known["g_loss"], without["g_loss"] + cost.detach().squeeze())
    (slope,) = torch.autograd.grad(cost.sum(), theta)
    torch.testing.assert_close(known["gradient"], without["gradient"] + slope, atol=1e-5, rtol=1e-4)


def test_it_costs_the_discriminator_nothing() -> None:
    trainer, plain = Trainer(make_config(*SMALL, regularizers=[MODE_SEEKING])), Trainer(make_config(*SMALL))
    for each in (trainer, plain):
        each.step("discriminator")
    assert torch.equal(trainer.state.tensors["discriminator"], plain.state.tensors["discriminator"])


@pytest.mark.parametrize(
    "others",
    [
        {"techniques": [{"name": "instance_noise"}], "loss": {"name": "rpgan"}},
        {"loss": {"name": "mmd"}, "data": {"name": "gaussians"}},
        {"g_updates": 2},
    ],
)
def test_an_exported_run_pays_it_too(others: dict[str, object], tmp_path: Path) -> None:
    config = make_config(*SMALL, **{"regularizers": [MODE_SEEKING], **others})
    there = run_script(write_script(config, 30, catalog()), tmp_path)
    here = train(Trainer(config), 30)
    torch.testing.assert_close(torch.tensor(there), torch.tensor(here), atol=1e-4, rtol=1e-5, equal_nan=True)


@pytest.mark.parametrize("loss", ["non_saturating", "energy"])
def test_what_the_generator_pays_is_told_and_adds_up(loss: str) -> None:
    trainer = Trainer(make_config(*SMALL, f"loss.name={loss}", regularizers=[MODE_SEEKING]))
    told, _ = tell_phases(trainer, "generator")
    whole = told["loss"]["formula"][-1]
    assert whole["latex"].startswith(r"L_G = L_{\text{game}} + P_")
    _, parts, result = whole["latex_numbers"].split(" = ")
    assert evaluate_latex(parts) == pytest.approx(evaluate_latex(result), rel=1e-3)
    assert "g_loss = g_loss + penalty.mean()" in told["loss"]["code"]
    known = look_at_generator(trainer, Sizes(generated=20)).known
    torch.testing.assert_close(known["g_loss"], known["per_example"].mean() + known["mode_seeking_penalty"].mean())
