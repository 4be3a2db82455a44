"""The monitor on real runs: silent over five seeds of each preset that converges, in time on those made to fail.

The fact that it has to be in time for is told from the losses, the metrics and points of the test's own.
"""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import dist, hypot, log
from statistics import fmean
from typing import Any, NamedTuple

import pytest
import torch

from server.gan.assignments import assign
from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config
from server.gan.metrics import evaluate_metrics, evaluate_stack
from server.gan.monitor.monitor import Monitor, Verdict
from server.gan.monitor.vitals import SCORED, rank_logits, read_run, read_stack
from server.gan.phases import Diverged
from server.gan.presets import PRESETS
from server.gan.randomness import draws_for
from server.gan.trainer import Trainer
from tests.tools import textbook
from tests.tools.runs import make_config

CATALOG = build_catalog()
SEEDS = 5
APART = 50
GUESSING = 2 * log(2)
"""The loss of a discriminator that scores every point alike."""


class Moment(NamedTuple):
    """What is known of a run at a step without the monitor: `d_loss` is the mean of the steps since the one before."""

    step: int
    js: float
    covered: float | None
    d_loss: float
    centre: tuple[float, float]


History = list[Moment]


@cache
def watch(preset: str, steps: int, changed: str = "") -> tuple[list[History], list[list[Verdict]]]:
    """Train five seeds of a preset, changed by `key=value,...`: their histories, and what the monitor said of each."""
    plain: dict[str, Any] = check_config(PRESETS[preset].config, CATALOG).to_json()
    for assignment in filter(None, changed.split(",")):
        plain = assign(plain, assignment)
    config = check_config(plain, CATALOG)
    trainer = Trainer([config.with_seed(seed) for seed in range(SEEDS)])
    monitors = [Monitor(config) for _ in range(SEEDS)]
    z = trainer.source.sample_latent(200, draws_for(0, 0, "test"))
    histories: list[History] = [[] for _ in range(SEEDS)]
    verdicts: list[list[Verdict]] = [[] for _ in range(SEEDS)]
    losses = [torch.full((SEEDS,), GUESSING)]
    for step in range(steps + 1):
        if step % APART == 0:
            scores = evaluate_stack(trainer, SCORED)
            readings = read_stack(trainer, scores)
            means, centres = torch.stack(losses).mean(0).tolist(), trainer.generate(z).mean(-2).tolist()
            losses = []
            for run, row in enumerate(scores):
                js, covered = row["grid_js"], row["modes20"]
                assert js is not None
                histories[run].append(Moment(step, js, covered, means[run], tuple(centres[run])))
                verdicts[run] += monitors[run].take(readings[run])
        d_loss = trainer.step().discriminator
        assert d_loss is not None
        losses.append(d_loss)
    return histories, verdicts


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("preset", "steps"),
    [("ring8", 2000), ("least_squares", 1500), ("line", 1500), ("gaussians", 1500), ("ring", 1500), ("disjoint", 1500)],
)
def test_it_is_silent_over_five_seeds_of_a_preset_that_converges(preset: str, steps: int) -> None:
    histories, verdicts = watch(preset, steps)
    assert verdicts == [[], [], [], [], []]
    assert sum(history[-1].js < 0.6 for history in histories) >= 4


def last(history: History, i: int, count: int) -> History:
    """The newest `count` moments up to number `i`; none where there are not so many yet."""
    return history[i + 1 - count : i + 1] if i + 1 >= count else []


def is_collapsed(now: History) -> bool:
    """For 300 steps no more than two of the modes were covered."""
    return all(moment.covered is not None and moment.covered <= 2 for moment in now)


def is_hopping(now: History) -> bool:
    """In 800 steps, the middle of the points has moved by half the ring's radius, 2, three times inside its view."""
    inside = [centre for centre in centres(now) if hypot(*centre) < 4]
    leaps = sum(dist(one, other) > 1 for one, other in pairwise(inside))
    return is_collapsed(now[-6:]) and len(inside) >= 10 and leaps >= 3


def is_oscillating(now: History) -> bool:
    """In 500 steps, the middle of the points has changed sides five times, and the divergence was never low."""
    places = centres(now)
    turns = sum(x * u + y * v < 0 for (x, y), (u, v) in pairwise(places))
    return turns >= 5 and min(moment.js for moment in now) > 0.6


def is_outplayed(now: History) -> bool:
    """For 200 steps, the discriminator's loss was under a quarter of that of guessing, and no mode was fitted."""
    return fmean(moment.d_loss for moment in now) < GUESSING / 4 and min(moment.js for moment in now) > 0.6


def is_guessing(now: History) -> bool:
    """For 200 steps, the discriminator's loss was above that of guessing, though the points lie far apart."""
    return fmean(moment.d_loss for moment in now) > GUESSING and min(moment.js for moment in now) > 0.6


def centres(now: History) -> list[tuple[float, float]]:
    return [moment.centre for moment in now]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("preset", "steps", "kind", "holds", "moments"),
    [
        ("collapse", 2500, "mode_collapse", is_collapsed, 6),
        ("collapse", 2500, "mode_hopping", is_hopping, 16),
        ("collapse", 2500, "weak_discriminator", is_guessing, 4),
        ("vanishing", 700, "vanishing_gradient", is_outplayed, 4),
        ("oscillation", 1000, "oscillation", is_oscillating, 10),
    ],
)
def test_it_speaks_within_500_steps_of_the_fact_in_four_of_five_seeds(
    preset: str, steps: int, kind: str, holds: Any, moments: int
) -> None:
    histories, verdicts = watch(preset, steps)
    in_time = 0
    for history, said in zip(histories, verdicts, strict=True):
        facts = [m.step for i, m in enumerate(history) if (now := last(history, i, moments)) and holds(now)]
        told = [verdict.step for verdict in said if verdict.kind == kind]
        in_time += bool(facts and told and abs(told[0] - facts[0]) <= 500)
    assert in_time >= 4


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("preset", "changed", "steps", "kind"),
    [
        ("vanishing", "d_updates=1", 700, "vanishing_gradient"),
        ("oscillation", "g_updates=1", 1000, "oscillation"),
    ],
)
def test_a_first_remedy_cures(preset: str, changed: str, steps: int, kind: str) -> None:
    _, sick = watch(preset, steps)
    remedies = [verdict.remedies for said in sick for verdict in said if verdict.kind == kind]
    ((key, value),) = remedies[0][0].changes.items()
    assert changed == f"{key}={value}"
    _, cured = watch(preset, steps, changed)
    assert [kind in [verdict.kind for verdict in said] for said in cured] == [False] * SEEDS


@pytest.mark.timeout(300)
def test_what_is_learned_by_heart_is_said_in_four_of_five_seeds_and_with_the_first_remedy_of_none() -> None:
    _, verdicts = watch("few_data", 2000)
    told = [verdict for said in verdicts for verdict in said]
    assert [verdict.kind for verdict in told] in (["memory"] * 4, ["memory"] * SEEDS)
    assert all(verdict.evidence["ranked"] > 0.6 and verdict.evidence["fresh"] < 0.45 for verdict in told)
    (strong,) = told[0].remedies[0].changes["regularizers"]
    assert strong == PRESETS["few_data_r1"].config["regularizers"][0]
    _, cured = watch("few_data_r1", 2000)
    assert cured == [[]] * SEEDS


def test_nothing_is_known_by_heart_where_no_point_comes_again_or_the_points_are_many() -> None:
    for data in ("data.size=0", "data.size=2000"):
        trainer = Trainer(make_config(data))
        for _ in range(100):
            trainer.step()
        vitals = read_run(trainer, {"grid_js": 0.9, "modes20": 1.0}).vitals
        assert vitals.ranked == pytest.approx(vitals.fresh, abs=0.0 if data == "data.size=0" else 0.1)


def test_a_rank_is_the_share_of_pairs_and_ties_count_half() -> None:
    real, fake = torch.tensor([[0.0, 1.0, 1.0, 3.0], [2.0] * 4]), torch.tensor([[1.0, 1.0, -1.0], [2.0] * 3])
    pairs = (real.unsqueeze(-1) > fake.unsqueeze(-2)).float() + (real.unsqueeze(-1) == fake.unsqueeze(-2)).float() / 2
    assert rank_logits(real, fake).tolist() == pytest.approx(pairs.mean((-1, -2)).tolist())
    assert rank_logits(real[1], fake[1]) == 0.5
    fake[0, 1] = torch.nan
    assert rank_logits(real, fake).isnan().tolist() == [True, False]


def test_ranked_and_fresh_are_shares_of_pairs_of_known_and_of_other_points() -> None:
    trainer = Trainer(make_config("data.size=6", "data.std=0.4", "g_updates=0"))
    for _ in range(400):
        trainer.step("discriminator")
    vitals = read_run(trainer, {"grid_js": 0.9, "modes20": 1.0}).vitals
    fake = trainer.score(
        trainer.generator(trainer.weights("generator"), torch.randn(500, 2, generator=torch.Generator().manual_seed(0)))
    )
    points = trainer.source.points
    assert points is not None
    fresh = trainer.source.sample_data(500, draws_for(9, 9, "fresh"))
    for sort, share in ((points, vitals.ranked), (fresh, vitals.fresh)):
        wins = sum(int((score > fake).sum()) for score in trainer.score(sort)) / (len(sort) * 500)
        assert share == pytest.approx(wins, abs=0.06)
    assert vitals.ranked - vitals.fresh > 0.1


def watch_one(config: RunConfig, steps: int) -> list[Verdict]:
    """Train one run, to its end or until it breaks: what the monitor said of it."""
    trainer, monitor, said = Trainer(config), Monitor(config), list[Verdict]()
    try:
        for step in range(steps + 1):
            if step % APART == 0:
                said += monitor.take(read_run(trainer, evaluate_metrics(trainer, SCORED)))
            trainer.step()
    except Diverged as failure:
        return said + monitor.take_failure(failure.step, failure.player)
    return said


def apply_remedy(config: RunConfig, verdict: Verdict) -> RunConfig:
    plain = config.to_json()
    for path, value in verdict.remedies[0].changes.items():
        plain = assign(plain, f"{path}={value}")
    return check_config(plain, CATALOG)


FAST = [f"{player}_optimizer.{number}" for player in "dg" for number in ("name=sgd", "learning_rate=1")]
HEAVY = [f"{player}_optimizer.{number}" for player in "dg" for number in ("name=momentum", "momentum=0.99")]


def test_the_first_cure_of_a_run_that_diverged_keeps_it_finite() -> None:
    config = make_config("loss.name=least_squares", *FAST)
    (verdict,) = watch_one(config, 300)
    assert verdict.kind == "diverged"
    assert watch_one(apply_remedy(config, verdict), 1000) == []


def test_points_that_heavy_momentum_throws_away_are_not_said_to_hop() -> None:
    kinds = [verdict.kind for verdict in watch_one(make_config(*HEAVY), 650)]
    assert "thrown_away" in kinds
    assert "mode_hopping" not in kinds


@pytest.mark.timeout(300)
def test_a_discriminator_that_learns_ten_times_as_fast_rescues_collapsed_runs() -> None:
    _, sick = watch("collapse", 2500)
    verdict = next(one for said in sick for one in said if one.kind == "mode_collapse")
    changes = ",".join(f"{key}={value}" for key, value in verdict.remedies[0].changes.items())
    histories, _ = watch("collapse", 1500, changes)
    assert sum(moment.covered > 2 for *_, moment in histories if moment.covered is not None) >= 4


def test_reading_a_run_changes_nothing_and_a_run_reads_the_same_alone_as_in_a_stack() -> None:
    config = check_config(PRESETS["gaussians"].config, CATALOG)
    watched, alone = Trainer(config), Trainer(config)
    stack = Trainer([config.with_seed(seed) for seed in (3, 0)])
    for _ in range(20):
        read_run(watched, {"grid_js": 0.5, "modes20": 2.0})
        for trainer in (watched, alone, stack):
            trainer.step()
    assert watched.state.pack() == alone.state.pack()
    beside = read_stack(stack, [{"grid_js": 0.5, "modes20": 2.0}] * 2)[1]
    reading = read_run(watched, {"grid_js": 0.5, "modes20": 2.0})
    assert (beside.step, beside.modes, beside.covered) == (reading.step, reading.modes, reading.covered) == (20, 2, 2)
    assert beside.vitals.spread == pytest.approx(reading.vitals.spread, rel=1e-3)
    assert beside.vitals.ranked == pytest.approx(reading.vitals.ranked, abs=1e-3)


def test_vitals_are_what_they_are_called() -> None:
    trainer = Trainer(check_config({"loss": {"name": "minimax"}}, CATALOG))
    zeros = {name: torch.zeros_like(tensor) for name, tensor in trainer.state.tensors.items()}
    trainer.state = trainer.state._replace(tensors=zeros)
    vitals = read_run(trainer, {"grid_js": 0.9, "modes20": 1.0}).vitals
    assert vitals.ranked == vitals.fresh == pytest.approx(0.5)  # every point scores 0
    assert vitals.pull == 1.0  # a flat discriminator pulls nowhere, whatever the loss
    assert vitals.spread == pytest.approx(0.0)  # every point lies at the middle of the ring
    assert vitals.reached == 0.0
    assert max(map(abs, vitals.centre)) < 0.2


def measure_pull(loss: str, updates: int) -> float:
    """The pull of a loss on three blobs after so many updates of the discriminator alone."""
    trainer = Trainer(make_config(f"loss.name={loss}", "data.name=disjoint", "generator.width=16"))
    for _ in range(updates):
        trainer.step("discriminator")
    return read_run(trainer, {"grid_js": 0.9, "modes20": 0.0}).vitals.pull


@pytest.mark.parametrize("loss", ["minimax", "least_squares", "hinge", "rpgan", "non_saturating"])
def test_the_pull_is_that_of_the_textbook_over_that_of_the_non_saturating_loss(loss: str) -> None:
    trainer = Trainer(make_config(f"loss.name={loss}"))
    for _ in range(30):
        trainer.step("discriminator")
    z, x_real = (
        trainer.source.sample_latent(250, trainer.source.draws("latent")),
        trainer.source.sample_data(250, trainer.source.draws("data")),
    )
    vectors = {name: trainer.state.tensors[name].double() for name in ("generator", "discriminator")}
    points = textbook.run_network(vectors["generator"], (2, 64, 64, 2), "relu", "linear", z.double()).requires_grad_()
    sorts = (x_real.double(), points)
    d_real, d_fake = (
        textbook.run_network(vectors["discriminator"], (2, 64, 64, 1), "relu", "linear", x)[:, 0] for x in sorts
    )
    own, usual = (
        torch.autograd.grad(textbook.G_LOSSES[key](d_real, d_fake).sum(), points, retain_graph=True)[0]
        .norm(dim=-1)
        .mean()
        for key in (loss, "non_saturating")
    )
    pull = read_run(trainer, {"grid_js": 0.9, "modes20": 0.0}).vitals.pull
    assert pull == pytest.approx((own / usual).item(), rel=1e-3)


def test_a_sure_discriminator_leaves_the_minimax_loss_hardly_any_of_the_pull() -> None:
    assert 0.5 < measure_pull("minimax", 0) < 2
    assert measure_pull("minimax", 200) < 0.05
    assert measure_pull("non_saturating", 200) == 1.0


@pytest.mark.parametrize("units", ["lab", "published"])
def test_a_collapsed_generator_is_seen_in_either_units(units: str) -> None:
    """Both clouds of the two Gaussians lie within half a unit of their middle, where all generated points are."""
    trainer = Trainer(make_config("data.name=gaussians", f"data.units={units}"))
    generator = torch.zeros_like(trainer.state.tensors["generator"])
    generator[-2:] = trainer.source.to_lab(torch.tensor([0.5, 0.55]))  # the last two numbers are the output's biases
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "generator": generator})
    reading = read_run(trainer, {"grid_js": 0.9, "modes20": 0.0})
    assert reading.vitals.reached < 0.2
    monitor = Monitor(trainer.config)
    said = [verdict.kind for i in range(8) for verdict in monitor.take(replace(reading, step=50 * i))]
    assert said == ["mode_collapse"]
