"""Retraining on own samples: which points are replaced, when, by what, and what a run is shown to learn from."""

from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig
from server.gan.export.script import write_script
from server.gan.measures import memory_gap
from server.gan.model_file import expect_shapes
from server.gan.monitor.vitals import measure_vitals
from server.gan.phases import Phase
from server.gan.probes import Sizes, probe_layers
from server.gan.randomness import draws_for
from server.gan.refinement import make_players
from server.gan.state import RunState
from server.gan.techniques.retraining import retraining
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")
POINTS = "technique.retraining.points"


def config_with(size: int = 20, *assignments: str, **numbers: float) -> RunConfig:
    technique = {"name": "retraining", "k": 4, **numbers}
    return make_config(*SMALL, *assignments, f"data.size={size}", techniques=[technique])


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def known(trainer: Trainer) -> Tensor:
    assert trainer.known is not None
    return trainer.known


def first(trainer: Trainer) -> Tensor:
    assert trainer.source.points is not None
    return trainer.source.points


def count_kept(trainer: Trainer) -> int:
    return int((known(trainer) == first(trainer)).all(-1).sum())


def walk(trainer: Trainer) -> dict[tuple[str, str], Phase]:
    return {(phase.player, phase.name): phase for phase in trainer.phases()}


def is_among(points: Tensor, others: Tensor) -> bool:
    return bool((points.unsqueeze(-2) == others).all(-1).any(-1).all())


@pytest.mark.parametrize(("share", "kept"), [(0.0, 0), (0.2, 20), (0.555, 56), (1.0, 100)])
def test_a_share_of_the_first_points_is_kept_and_the_others_are_generated(share: float, kept: int) -> None:
    real, own = torch.arange(200.0).view(100, 2), -1 - torch.arange(200.0).view(100, 2)
    mixed = retraining(real, own, draws_for(3, 1, "test"), share)
    stays = (mixed == real).all(-1)
    assert stays.sum() == kept
    assert torch.equal(mixed[~stays], own[~stays])


@pytest.mark.parametrize(("count", "share"), [(50, 0.59), (150, 0.21), (190, 0.65)])
def test_a_share_of_half_a_point_more_is_the_same_in_a_stack(count: int, share: float) -> None:
    real, own = torch.ones(count, 1), torch.zeros(count, 1)
    alone = retraining(real, own, draws_for(3, 1, "test"), share)
    stack = retraining(real[None], own[None], draws_for([3], 1, "test"), torch.tensor([[share]]))
    assert torch.equal(stack[0], alone)


def test_which_points_are_kept_is_drawn_anew_and_every_point_as_often() -> None:
    real, own = torch.ones(10, 1), torch.zeros(10, 1)
    times = sum(retraining(real, own, draws_for(0, step, "test"), 0.3) for step in range(2000)) / 2000
    torch.testing.assert_close(times, torch.full((10, 1), 0.3), atol=0.04, rtol=0)


def test_points_are_replaced_after_every_k_steps_and_by_samples_of_the_generator_then() -> None:
    trainer = train(Trainer(config_with()), 3)
    assert torch.equal(known(trainer), first(trainer))
    train(trainer, 1)
    z = trainer.source.sample_latent(20, draws_for(0, 4, "retraining"))
    torch.testing.assert_close(known(trainer), trainer.generator(trainer.weights("generator"), z))
    fourth = known(trainer)
    assert torch.equal(known(train(trainer, 3)), fourth)
    assert not torch.equal(known(train(trainer, 1)), fourth)


def test_an_update_learns_from_the_points_of_the_present() -> None:
    trainer = train(Trainer(config_with(share=0.5)), 4)
    assert count_kept(trainer) == 10
    batch = walk(trainer)["discriminator", "sample"].tensors["x_real"]
    assert is_among(batch, known(trainer))
    assert not is_among(batch, first(trainer))


def test_the_points_that_a_batch_takes_are_the_same_by_number_as_without() -> None:
    plain = Trainer(make_config(*SMALL, "data.size=20"))
    drawn, others = (walk(one)["discriminator", "sample"].tensors["x_real"] for one in (Trainer(config_with()), plain))
    assert torch.equal(drawn, others)


def test_every_run_of_a_stack_has_points_of_its_own_and_its_own_share() -> None:
    configs = [config_with(share=share).with_seed(seed) for seed, share in ((1, 0.0), (2, 0.5), (3, 1.0))]
    stack = train(Trainer(configs), 9)
    for run, config in enumerate(configs):
        alone = train(Trainer(config), 9)
        for name in (POINTS, "generator", "discriminator"):
            torch.testing.assert_close(stack.state.tensors[name][run], alone.state.tensors[name], atol=1e-4, rtol=0)
        assert count_kept(alone) == 10 * run


def test_going_back_replays_the_points_bit_for_bit() -> None:
    config = config_with(share=0.3)
    whole, half = train(Trainer(config), 14), train(Trainer(config), 6)
    again = train(Trainer(config, state=RunState.unpack(half.state.pack())), 8)
    assert again.state.pack() == whole.state.pack()


def test_switched_off_a_run_learns_from_its_first_points_again() -> None:
    trainer = train(Trainer(config_with()), 5)
    trainer.configure(make_config(*SMALL, "data.size=20"))
    assert torch.equal(known(trainer), first(trainer))
    assert POINTS not in trainer.state.tensors


def test_a_saved_model_holds_the_points() -> None:
    config = config_with(7)
    shapes = {name: tuple(tensor.shape) for name, tensor in Trainer(config).state.tensors.items()}
    assert shapes == expect_shapes(config, catalog())
    assert shapes[POINTS] == (14,)


def test_points_on_the_line_are_replaced_too() -> None:
    trainer = train(Trainer(config_with(9, "data.name=one_bump", share=0.0)), 4)
    assert known(trainer).shape == (9, 1)
    assert count_kept(trainer) == 0


@pytest.mark.parametrize("data", [{}, {"name": "moons"}])
def test_without_finite_data_it_is_refused_in_words(data: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"retraining goes with a data.size of 1 or more, not with 0: it replaces"):
        make_config(data=data, techniques=[{"name": "retraining"}])


@pytest.mark.parametrize("loss", ["mmd", "energy", "flow_matching", "coupling_flow"])
def test_samples_that_nobody_judged_take_the_place_of_real_points_too(loss: str) -> None:
    trainer = train(Trainer(config_with(20, f"loss.name={loss}", share=0.5)), 4)
    z = trainer.source.sample_latent(20, draws_for(0, 4, "retraining"))
    own = trainer.make_points(z)
    is_kept = (known(trainer) == first(trainer)).all(-1)
    assert int(is_kept.sum()) == 10
    torch.testing.assert_close(known(trainer)[~is_kept], own[~is_kept])
    again = train(Trainer(trainer.config, state=RunState.unpack(trainer.state.pack())), 5)
    assert again.state.pack() == train(trainer, 5).state.pack()


@pytest.mark.parametrize("loss", ["flow_matching", "coupling_flow"])
def test_a_script_that_would_take_answers_for_samples_is_refused_in_words(loss: str) -> None:
    with pytest.raises(
        ConfigError, match=f"got retraining: a script takes .*, and with {loss} they are more than that"
    ):
        write_script(config_with(20, f"loss.name={loss}"), 5, catalog())


def test_beside_codes_that_were_learned_for_the_points_it_is_refused_in_words() -> None:
    with pytest.raises(
        ConfigError, match="retraining goes with a loss that learns no codes, not with glo: it puts oth"
    ):
        config_with(20, "loss.name=glo")


# What is seen ---------------------------------------------------------------------------------------------------------


def test_the_real_samples_of_the_picture_are_those_of_the_present() -> None:
    trainer = train(Trainer(config_with()), 4)
    (shown,) = probe_layers(trainer, ["real"], Sizes(), fixed=False).values()
    torch.testing.assert_close(torch.from_numpy(shown), trainer.source.from_lab(known(trainer)))
    assert probe_layers(Trainer(make_config("data.size=20")), ["real"], Sizes(), fixed=False) == {}


def test_what_is_drawn_as_known_is_of_the_present_points() -> None:
    trainer = train(Trainer(config_with()), 4)
    assert is_among(make_players(trainer).draw_data(50, draws_for(0, 0, "test")), known(trainer))


def test_the_best_discriminator_is_not_shown_for_its_data_are_no_more() -> None:
    assert probe_layers(Trainer(config_with()), ["optimum"], Sizes()) == {}


def test_the_monitor_takes_no_replaced_points_for_points_of_the_law() -> None:
    (vitals,) = measure_vitals(train(Trainer(config_with()), 8))
    assert vitals.ranked == vitals.fresh
    assert memory_gap(train(Trainer(config_with()), 8)).isfinite()
