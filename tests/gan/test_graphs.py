"""Captured graphs: steps that are made several at once are those of single calls, and of the eager trainer.

Here a graph is captured by calling what it computes again, in the buffers that a device's graph would have; how a
device captures it is tried where there is one.
"""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from server.gan.compiled import graphs
from server.gan.compiled.captures import Captures, capture_program
from server.gan.compiled.graphs import Captured, Compute
from server.gan.compiled.keys import Unfit
from server.gan.compiled.proof import STEPS, compare, compare_places, compare_slots
from server.gan.config import RunConfig
from server.gan.joined import Joined
from server.gan.phases import Diverged
from server.gan.trainer import Trainer
from tests.tools.captures import WIDE, find_captured, lean, read_once
from tests.tools.compiled import COMPILING, CONFIG, SMALL, call_again
from tests.tools.runs import make_config
from tests.tools.states import find_distance, is_same

CPU = torch.device("cpu")
STEEP = [f"{player}_optimizer.{number}" for player in "dg" for number in ("name=sgd", "learning_rate=3")]
pytestmark = COMPILING
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def capture(configs: RunConfig | Sequence[RunConfig]) -> Captured:
    return capture_program(configs, CPU, call_again)


@pytest.fixture(scope="module")
def program() -> Captured:
    return capture(CONFIG)


@pytest.fixture(scope="module")
def wide() -> Captured:
    """A program of sixteen runs."""
    return capture(WIDE)


# Steps --------------------------------------------------------------------------------------------------------------


def test_several_steps_at_once_train_as_the_eager_trainer_does(program: Captured) -> None:
    assert program.depth == 16
    eager, captured = Trainer(CONFIG), Trainer(CONFIG)
    for _ in range(STEPS):
        expected, got = eager.step(), program.step(captured)
        assert got
        for one, other in zip(expected.read(), got.read(), strict=True):
            assert one == pytest.approx(other, rel=1e-4, abs=1e-4)
    assert eager.state[1:] == captured.state[1:]
    assert find_distance(eager.state, captured.state) < 1e-4


@pytest.mark.parametrize("change", ["d_updates=3", "g_updates=0", "data.size=64", "loss.name=mmd"])
def test_several_steps_at_once_train_as_the_eager_trainer_does_with(change: str) -> None:
    config = make_config(*SMALL, change)
    compare(config, capture(config))


def test_a_stack_of_runs_with_rates_of_their_own_trains_as_the_eager_trainer_does() -> None:
    configs = [make_config(*SMALL, f"seed={seed}", f"g_optimizer.learning_rate=0.00{seed + 1}") for seed in range(8)]
    compare(configs, capture(configs))


def test_last_digits_depend_neither_on_a_steps_place_nor_on_a_runs_slot(program: Captured, wide: Captured) -> None:
    compare_places(CONFIG, program)
    compare_places(WIDE, wide)
    compare_slots(WIDE, wide)


def test_steps_are_made_ahead_and_handed_out_one_by_one() -> None:
    replays = 0

    def count_replays(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
        outputs, replay = call_again(compute)

        def count_one() -> None:
            nonlocal replays
            replays += 1
            replay()

        return outputs, count_one

    program, trainer = capture_program(CONFIG, CPU, count_replays), Trainer(CONFIG)
    for step in range(2 * program.depth):
        assert program.step(trainer)
        assert (trainer.state.step, replays) == (step + 1, 1 + step // program.depth)


def test_a_state_that_is_kept_is_not_changed_by_later_steps(program: Captured) -> None:
    trainer = Trainer(CONFIG)
    program.step(trainer)
    kept, packed = trainer.state, trainer.state.pack()
    for _ in range(2 * program.depth):
        program.step(trainer)
    assert kept.pack() == packed


def test_runs_that_take_turns_in_one_program_do_not_mix(program: Captured) -> None:
    together = [Trainer(CONFIG.with_seed(seed)) for seed in (3, 4)]
    for _ in range(STEPS):
        for trainer in together:
            program.step(trainer)
    for trainer in together:
        alone = Trainer(trainer.config)
        for _ in range(STEPS):
            program.step(alone)
        assert is_same(alone.state, trainer.state)


def test_a_run_goes_from_one_tier_to_the_other_and_back_in_its_middle(program: Captured) -> None:
    eager, mixed = Trainer(CONFIG), Trainer(CONFIG)
    for step in range(STEPS):
        eager.step()
        assert mixed.step() if 5 <= step < 9 else program.step(mixed)
    assert eager.state[1:] == mixed.state[1:]
    assert find_distance(eager.state, mixed.state) < 1e-4


def test_a_rate_that_is_turned_is_the_rate_of_the_next_step_whatever_was_made_ahead(program: Captured) -> None:
    eager, captured = Trainer(CONFIG), Trainer(CONFIG)
    for config in (CONFIG, make_config(*SMALL, "g_optimizer.learning_rate=0.02")):
        for trainer in (eager, captured):
            trainer.configure(config)
        for _ in range(3):
            eager.step()
            assert program.step(captured)
    assert find_distance(eager.state, captured.state) < 1e-4


def test_a_step_that_is_not_finite_is_the_eager_trainers_to_refuse_and_those_before_it_are_made() -> None:
    config = make_config(*SMALL, "loss.name=wasserstein", *STEEP)
    program, trainer, eager = capture(config), Trainer(config), Trainer(config)
    while program.step(trainer):
        eager.step()
    assert 1 < trainer.state.step < program.depth
    before = trainer.state
    for one in (trainer, eager):
        with pytest.raises(Diverged):
            one.step()
    assert program.step(trainer) is None
    assert trainer.state is before


def test_a_joined_run_has_its_steps_again_without_the_others_by_the_program_of_all(wide: Captured) -> None:
    together = [Trainer(config) for config in WIDE[:11]]
    together[4].step()  # it stands elsewhere than the others
    begun = together[4].state
    joined, alone = Joined(together), Trainer(WIDE[4], state=begun.copy())
    again = Joined([alone])
    for _ in range(STEPS):
        told, retold = joined.advance_by(wide), again.advance_by(wide)
        assert told
        assert retold == [told[4]]
    assert again.width == 8
    assert is_same(together[4].state, alone.state)


def test_wider_stacks_have_fewer_steps_made_ahead_and_never_none(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = sum(tensor.numel() for tensor in Trainer(CONFIG).state.tensors.values())
    for most, depth in ((3 * numbers, 3), (numbers - 1, 1)):
        monkeypatch.setattr(graphs, "MOST_AHEAD", most)
        assert capture(CONFIG).depth == depth
    assert capture(make_config(*SMALL, "batch_size=1024")).depth == 1


# What is not used ---------------------------------------------------------------------------------------------------


def test_what_is_read_when_it_is_captured_and_not_when_it_is_replayed_is_found_out() -> None:
    with pytest.raises(Unfit):
        compare(CONFIG, capture_program(CONFIG, CPU, read_once))


def test_last_digits_that_depend_on_a_steps_place_are_found_out() -> None:
    program = capture_program(CONFIG, CPU, lean)
    compare(CONFIG, program)
    with pytest.raises(Unfit, match="depend on its place"):
        compare_places(CONFIG, program)


@pytest.mark.parametrize("seeds", [1, 8])
def test_a_program_that_cannot_be_tried_as_its_runs_diverge_is_refused(seeds: int) -> None:
    config = make_config(*SMALL, "loss.name=wasserstein", *STEEP)
    configs = config if seeds == 1 else [config.with_seed(seed) for seed in range(seeds)]
    with pytest.raises(Unfit):
        compare(configs, capture(configs))


# On a device --------------------------------------------------------------------------------------------------------


@needs_cuda
@pytest.mark.parametrize("configs", [CONFIG, WIDE[:3], WIDE], ids=["one run", "a stack", "a wide stack"])
def test_a_cuda_device_captures_steps_that_are_the_eager_trainers(configs: RunConfig | list[RunConfig]) -> None:
    trainer, eager = Trainer(configs, "cuda"), Trainer(configs, "cuda")
    program = find_captured(Captures(), trainer)
    assert program, "the log says why"
    for _ in range(STEPS):
        eager.step()
        assert program.step(trainer)
    assert find_distance(eager.state, trainer.state) < 1e-4


@needs_cuda
def test_what_waits_for_a_cuda_device_is_found_before_it_is_captured_and_the_next_thing_is_captured() -> None:
    def look_inside(compute: Compute) -> tuple[list[Tensor], Callable[[], None]]:
        return graphs.capture_graph(lambda: [torch.tensor(one.sum().item(), device="cuda") for one in compute()])

    stream = torch.cuda.current_stream()
    assert find_captured(Captures(look_inside), Trainer(CONFIG, "cuda")) is None
    assert torch.cuda.current_stream() == stream
    assert find_captured(Captures(), Trainer(CONFIG, "cuda"))


@needs_cuda
def test_a_graph_that_is_captured_anew_has_the_steps_of_the_first_bit_for_bit() -> None:
    states = []
    for _ in range(2):
        trainer = Trainer(WIDE, "cuda")
        program = find_captured(Captures(), trainer)
        assert program
        for _ in range(STEPS):
            assert program.step(trainer)
        states.append(trainer.state)
    assert is_same(*states)


@needs_cuda
def test_a_stack_on_a_cuda_device_goes_on_eagerly_where_a_run_of_it_fails() -> None:
    trainer = Trainer(WIDE, "cuda")
    program = find_captured(Captures(), trainer)
    assert program
    assert program.step(trainer)
    broken = trainer.state.tensors["generator"].clone()
    broken[1, 3] = float("nan")
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "generator": broken})
    assert program.step(trainer) is None
    trainer.step()
    assert [bool(failure) for failure in trainer.failures[:3]] == [False, True, False]
