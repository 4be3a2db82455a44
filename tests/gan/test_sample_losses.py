"""Losses without a discriminator: against loops over pairs, without bias, and in runs in which one player learns."""

from collections.abc import Callable
from itertools import permutations
from math import dist, exp
from pathlib import Path

import pytest
import torch
from torch import Tensor

from server.errors import CommandError, ConfigError
from server.gan.config import RunConfig
from server.gan.export.script import write_script
from server.gan.inspection import inspect_node, tell_sample
from server.gan.losses import LOSSES, SampleLoss
from server.gan.losses.samples import BANDWIDTHS, compare_samples, measure_distance, measure_likeness
from server.gan.monitor.monitor import Monitor
from server.gan.probes import Sizes, draw_fixed_data, probe_layers
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools.latex import evaluate_latex
from tests.tools.runs import catalog, make_config
from tests.tools.telling import tell_phases

SAMPLE_LOSSES = [unit.key for unit in LOSSES.values() if isinstance(unit, SampleLoss)]
SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
SIZES = Sizes(generated=20, real=30, surface=4, warp=3)
every_sample_loss = pytest.mark.parametrize("key", SAMPLE_LOSSES)


def draw_points(count: int, seed: int = 0, runs: tuple[int, ...] = ()) -> Tensor:
    return torch.randn(*runs, count, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def loop(measure: Callable[[list[float], list[float]], float], x: Tensor, y: Tensor) -> tuple[list[float], ...]:
    """The means over pairs as the paper writes them: of each y with the other ys, and with the xs, and of the xs."""
    xs, ys = x.tolist(), y.tolist()
    fake = [sum(measure(a, b) for j, b in enumerate(ys) if j != i) / (len(ys) - 1) for i, a in enumerate(ys)]
    real = [sum(measure(a, b) for b in xs) / len(xs) for a in ys]
    data = sum(measure(a, b) for a, b in permutations(xs, 2)) / (len(xs) * (len(xs) - 1))
    return fake, real, [data] * len(ys)


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_mmd_is_the_sum_over_pairs_of_its_formula(scale: float) -> None:
    def kernel(a: list[float], b: list[float]) -> float:
        return sum(exp(-(dist(a, b) ** 2) / (2 * (scale * width) ** 2)) for width in (0.1, 0.2, 0.5, 1, 2))

    x, y = draw_points(4), draw_points(6, 1)
    expected = [fake - 2 * real + data for fake, real, data in zip(*loop(kernel, x, y), strict=True)]
    assert LOSSES["mmd"](x, y, scale=scale).tolist() == pytest.approx(expected, abs=1e-12)


def test_energy_is_the_sum_over_pairs_of_its_formula() -> None:
    x, y = draw_points(4), draw_points(6, 1)
    expected = [2 * real - fake - data for fake, real, data in zip(*loop(dist, x, y), strict=True)]
    assert LOSSES["energy"](x, y).tolist() == pytest.approx(expected, abs=1e-12)


def average(key: str, count: int, draws: int, bias: float) -> tuple[float, float]:
    """The mean over many draws for two samples of one law, and its standard error.

    `bias` is added to each sort's mean over pairs, times 1 / count: what the pairs of a point with itself would add.
    """
    prices = [LOSSES[key](draw_points(count, 2 * i), draw_points(count, 2 * i + 1)).mean() for i in range(draws)]
    means = torch.stack(prices) + bias / count
    return means.mean().item(), (means.std() / draws**0.5).item()


@every_sample_loss
def test_two_samples_of_one_law_differ_by_nothing_on_average(key: str) -> None:
    mean, error = average(key, 20, 400, bias=0.0)
    assert abs(mean) < 3 * error


@every_sample_loss
def test_with_the_pairs_of_a_point_with_itself_they_would_differ(key: str) -> None:
    x, measure = draw_points(20), {"mmd": measure_likeness, "energy": measure_distance}[key]
    squares = (x.unsqueeze(1) - x.unsqueeze(0)).square().sum(-1)
    among = compare_samples(x, x, measure).fake.mean()
    gained = (measure(squares).mean() - among).item() * 20
    sign = {"mmd": 1, "energy": -1}[key]
    mean, error = average(key, 20, 400, bias=2 * sign * gained)
    assert mean > 10 * error


@every_sample_loss
def test_gradients_of_samples_agree_with_finite_differences(key: str) -> None:
    x, y = draw_points(5), draw_points(4, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda points: LOSSES[key](x, points), (y,))


@every_sample_loss
def test_points_that_coincide_have_a_finite_slope(key: str) -> None:
    y = torch.zeros(3, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(LOSSES[key](torch.zeros(4, 2), y).sum(), y)
    assert torch.equal(slope, torch.zeros(3, 2))


@every_sample_loss
def test_far_points_have_a_finite_price(key: str) -> None:
    y = torch.tensor([[1e6, -1e6], [0.0, 0.0]], requires_grad=True)
    prices = LOSSES[key](torch.zeros(4, 2), y)
    (slope,) = torch.autograd.grad(prices.sum(), y)
    assert prices.isfinite().all()
    assert slope.isfinite().all()


@every_sample_loss
def test_runs_of_a_stack_of_samples_do_not_mix(key: str) -> None:
    x, y = draw_points(5, 0, (3,)), draw_points(4, 1, (3,))
    together = LOSSES[key](x, y)
    assert together.shape == (3, 4)
    for run in range(3):
        torch.testing.assert_close(together[run], LOSSES[key](x[run], y[run]))


def test_the_formula_names_the_widths_of_the_kernels() -> None:
    assert ", ".join(f"{width:g}" for width in BANDWIDTHS) in LOSSES["mmd"].formula


# In runs -------------------------------------------------------------------------------------------------------------


@every_sample_loss
@pytest.mark.parametrize("d_updates", [1, 5])
def test_the_discriminator_takes_no_part(key: str, d_updates: int) -> None:
    trainer = Trainer(make_config(*SMALL, f"loss.name={key}", f"d_updates={d_updates}", "g_updates=2"))
    before = trainer.state.tensors
    walked = [(phase.player, phase.update, phase.name) for phase in trainer.phases()]
    names = ["sample", "generate", "loss", "backward", "update"]
    assert walked == [("generator", update, name) for update in (0, 1) for name in names]
    assert torch.equal(trainer.state.tensors["discriminator"], before["discriminator"])
    assert not torch.equal(trainer.state.tensors["generator"], before["generator"])
    assert (trainer.state.d_updates, trainer.state.g_updates) == (0, 2)
    losses = trainer.step()
    assert losses.discriminator is None
    assert losses.generator is not None


@every_sample_loss
@pytest.mark.parametrize("units", ["lab", "published"])
def test_the_generator_follows_the_slope_of_its_loss(key: str, units: str) -> None:
    trainer = Trainer(make_config("data.name=gaussians", f"data.units={units}", f"loss.name={key}", *SMALL))
    theta = trainer.state.tensors["generator"].double().requires_grad_()
    known = {phase.name: phase for phase in trainer.phases()}["backward"].known
    x_fake = trainer.generator(trainer.generator.split(theta), known["z"].double())
    (wanted,) = torch.autograd.grad(LOSSES[key](known["x_real"].double(), x_fake).mean(), theta)
    torch.testing.assert_close(known["gradient"].double(), wanted, atol=1e-5, rtol=1e-3)


@every_sample_loss
@pytest.mark.parametrize("assignments", [[], ["batch_size=1"], ["latent.dimension=1", "data.name=moons"]])
def test_a_stack_of_eight_trains_as_its_runs_do(key: str, assignments: list[str]) -> None:
    config = make_config(*SMALL, f"loss.name={key}", *assignments)
    stack, alone = Trainer([config.with_seed(i) for i in range(8)]), Trainer(config.with_seed(3))
    for _ in range(20):
        losses, single = stack.step().generator, alone.step().generator
    assert losses is not None
    assert single is not None
    torch.testing.assert_close(losses[3], single, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        stack.state.tensors["generator"][3], alone.state.tensors["generator"], atol=1e-3, rtol=1e-3
    )


@pytest.mark.parametrize(
    ("section", "unit"),
    [
        *(("regularizers", key) for key in ("r1", "lecam", "weight_clipping", "label_smoothing", "orthogonal")),
        *(("techniques", key) for key in ("instance_noise", "spectral_norm", "simultaneous")),
    ],
)
@every_sample_loss
def test_what_changes_the_discriminator_is_refused(section: str, unit: str, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{section}\.0\.name: "):
        make_config(f"loss.name={key}", **{section: [{"name": unit}]})


def test_so_many_pairs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"batch_size: expected at most 1024 with mmd, .* got 1025"):
        make_config("loss.name=mmd", "batch_size=1025")
    assert make_config("loss.name=mmd", "batch_size=1024").batch_size == 1024


CHANGES = [(4, "mmd"), (9, "rpgan"), (14, "energy"), (18, "non_saturating")]


def list_changes() -> list[tuple[int, RunConfig]]:
    return [(step, make_config(*SMALL, f"loss.name={loss}", "d_updates=2")) for step, loss in CHANGES]


def test_a_run_goes_from_a_game_to_a_loss_of_samples_and_back() -> None:
    trainer = Trainer(make_config(*SMALL, "d_updates=2"))
    rows = train(trainer, 22, list_changes())
    without = [step for step, d_loss, _ in rows if d_loss != d_loss]
    assert without == [*range(5, 10), *range(15, 19)]
    assert trainer.state.d_updates == 2 * (4 + 5 + 4)


def test_an_exported_run_changes_its_loss_where_the_run_did(tmp_path: Path) -> None:
    config = make_config(*SMALL, "d_updates=2")
    here = train(Trainer(config), 22, list_changes())
    there = run_script(write_script(config, 22, catalog(), list_changes()), tmp_path)
    torch.testing.assert_close(torch.tensor(there), torch.tensor(here), atol=1e-5, rtol=0, equal_nan=True)


@every_sample_loss
def test_an_exported_run_has_no_discriminator_and_trains_the_same(key: str, tmp_path: Path) -> None:
    config = make_config(f"loss.name={key}", "data.name=gaussians", *SMALL)
    script = write_script(config, 60, catalog())
    assert "discriminator =" not in script
    torch.testing.assert_close(
        torch.tensor(run_script(script, tmp_path)),
        torch.tensor(train(Trainer(config), 60)),
        atol=1e-5,
        rtol=0,
        equal_nan=True,
    )


# What is shown and told ----------------------------------------------------------------------------------------------


@every_sample_loss
def test_layers_of_an_untrained_discriminator_are_empty(key: str) -> None:
    trainer = Trainer(make_config(*SMALL, f"loss.name={key}"))
    assert probe_layers(trainer, ["surface", "predictions", "d_gradients"], SIZES) == {}


@every_sample_loss
def test_needles_point_where_a_loss_of_samples_falls(key: str) -> None:
    trainer = Trainer(make_config(*SMALL, f"loss.name={key}", "data.name=gaussians"))
    arrays = probe_layers(trainer, ["generated", "gradients"], SIZES)
    x_real = draw_fixed_data(trainer, SIZES)[: SIZES.generated].double()
    points = torch.from_numpy(arrays["x_fake"]).double()
    for sign_axis in range(2):
        costs = []
        for sign in (1, -1):
            moved = points.clone()
            moved[7, sign_axis] += sign * 1e-4
            costs.append(LOSSES[key](x_real, trainer.source.to_lab(moved)).sum().item())
        slope = (costs[0] - costs[1]) / 2e-4
        assert arrays["gradients"][7, sign_axis] == pytest.approx(-slope, abs=2e-3, rel=1e-2)


@every_sample_loss
def test_every_phase_is_told_and_the_formula_of_the_price_comes_out(key: str) -> None:
    trainer = Trainer(make_config(*SMALL, f"loss.name={key}", "data.name=gaussians"))
    told, known = tell_phases(trainer)
    assert list(told) == ["sample", "generate", "loss", "backward", "update"]
    numbers = told["loss"]["numbers"]
    price = next(one for one in told["loss"]["formula"] if r"\ell_i =" in one["latex"] and "sum" not in one["latex"])
    _, worked, result = price["latex_numbers"].split(" = ")
    assert evaluate_latex(worked) == pytest.approx(numbers["per_example"], abs=5e-3)
    assert float(result) == pytest.approx(numbers["per_example"], rel=1e-3)
    assert numbers["loss"] == pytest.approx(known["g_loss"].item())
    assert "pairs = [" in told["loss"]["code"]


@every_sample_loss
def test_the_story_of_a_sample_goes_from_the_point_to_its_price(key: str) -> None:
    story = tell_sample(Trainer(make_config(*SMALL, f"loss.name={key}")), 3, SIZES)
    assert (story["logit"], story["probability"]) == (None, None)
    keys = [stage["key"] for stage in story["stages"]]
    assert keys == [*("noise", "generator-1", "generator-2", "generator-3", "sample"), *("loss", "gradient", "move")]
    assert "discriminator" not in "".join(stage["code"] for stage in story["stages"])


@every_sample_loss
def test_nodes_of_the_discriminator_are_refused_and_the_others_told(key: str) -> None:
    trainer = Trainer(make_config(*SMALL, f"loss.name={key}"))
    for node in ("discriminator", "predictions-real", "predictions-generated", "d-loss", "d-gradients"):
        with pytest.raises(CommandError, match="takes part with the loss"):
            inspect_node(trainer, node, SIZES)
    for node in ("noise", "generator", "real", "generated", "g-loss", "g-gradients"):
        assert inspect_node(trainer, node, SIZES)["formula"]


@every_sample_loss
def test_the_monitor_speaks_of_no_discriminator(key: str) -> None:
    monitor = Monitor(make_config(f"loss.name={key}"))
    assert not monitor.judges
    (verdict,) = monitor.take_failure(5, "generator")
    assert all("iscriminator" not in remedy.label for remedy in verdict.remedies)
