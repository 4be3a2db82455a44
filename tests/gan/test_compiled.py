"""The compiled tier: a step as machine code trains as the eager step does, and a run may go from one to the other."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor

from server.gan.compiled import machine
from server.gan.compiled.foundry import NOTE_SECONDS, Foundry, Stepper
from server.gan.compiled.keys import Unfit, find_key
from server.gan.compiled.machine import describe_machine
from server.gan.compiled.programs import FACTS, Program
from server.gan.compiled.proof import STEPS, compare
from server.gan.compiled.tracing import trace_step
from server.gan.compiled.workshop import Workshop, forget_oldest
from server.gan.config import RunConfig
from server.gan.losses import LOSSES
from server.gan.optimizers import OPTIMIZERS
from server.gan.phases import Diverged
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.tools.compiled import COMPILING, CONFIG, SMALL, STACK, build_programs, needs_compiler, shares_programs
from tests.tools.runs import make_config
from tests.tools.states import find_distance, is_same

pytestmark = [shares_programs, *COMPILING]


def trace_program(configs: RunConfig | list[RunConfig]) -> Program:
    """A program whose graph torch walks, operation by operation."""
    graph, _, signature = trace_step(configs)
    return Program(signature, lambda given: cast(list[Tensor], graph(*given)))


def turn_batches(program: Program) -> Program:
    """The same program, but its batches are read in the other order: the same sums, rounded otherwise."""
    first = len(program.signature.tensors)
    drawn = range(first, first + len(program.signature.draws))

    def run(given: list[Tensor]) -> Sequence[Tensor]:
        return program._run([tensor.flip(-2) if place in drawn else tensor for place, tensor in enumerate(given)])

    return Program(program.signature, run)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of programs: one of a single run, one of a stack."""
    return build_programs(tmp_path_factory.getbasetemp())


@pytest.fixture
def workshop(cache: Path) -> Iterator[Workshop]:
    with closing(Workshop(cache)) as made:
        yield made


@pytest.fixture
def foundry(cache: Path) -> Iterator[Foundry]:
    with closing(Foundry(cache, patience=0.0)) as made:
        yield made


def train(program: Program, trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        assert program.step(trainer)
    return trainer


# What can be traced: proved without a compiler ----------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_a_traced_step_trains_as_the_eager_one_with_every_loss_that_it_is_not_unfit_for(loss: str) -> None:
    # A relativistic loss does not know the last bias: its slope is rounding alone, and Adam takes a whole step by it.
    optimizers = [f"{player}_optimizer.name=sgd" for player in "dg"] if LOSSES[loss].pairs else []
    needs = [f"{key}={value}" for key, value in LOSSES[loss].needs.items()]
    config = make_config(*SMALL, f"loss.name={loss}", *optimizers, *needs)
    try:
        program = trace_program(config)
    except Unfit:
        games = ("non_saturating", "minimax", "least_squares", "hinge", "wasserstein", "rpgan", "ragan")
        assert loss not in (*games, "mmd", "energy", "coupling_flow")
    else:
        compare(config, program)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_traced_step_trains_as_the_eager_one_with_every_optimizer_that_it_is_not_unfit_for(optimizer: str) -> None:
    config = make_config(*SMALL, f"d_optimizer.name={optimizer}", f"g_optimizer.name={optimizer}")
    try:
        program = trace_program(config)
    except Unfit:
        assert optimizer not in ("sgd", "momentum", "rmsprop", "adam", "adabelief")
    else:
        compare(config, program)


@pytest.mark.parametrize(
    "change",
    ["d_updates=3", "g_updates=2", "g_updates=0", "data.size=64", "data.name=moons", "latent.name=uniform"],
)
def test_a_traced_step_trains_as_the_eager_one_with(change: str) -> None:
    config = make_config(*SMALL, change)
    compare(config, trace_program(config))


def test_a_traced_step_of_a_stack_gives_each_run_its_own_rate() -> None:
    configs = [make_config(*SMALL, f"seed={seed}", f"g_optimizer.learning_rate=0.00{seed + 1}") for seed in range(3)]
    compare(configs, trace_program(configs))


def test_a_run_with_a_regularizer_or_a_technique_is_left_to_the_eager_trainer() -> None:
    for units in ({"regularizers": [{"name": "r1"}]}, {"techniques": [{"name": "ema"}]}):
        with pytest.raises(Unfit, match="are at work"):
            find_key(Trainer(make_config(*SMALL, **units)))


def test_runs_whose_rounding_decides_are_left_to_the_eager_trainer() -> None:
    compare(CONFIG, turn_batches(trace_program(CONFIG)))
    config = make_config(*SMALL, "loss.name=rpgan")
    with pytest.raises(Unfit, match="part in discriminator"):
        compare(config, turn_batches(trace_program(config)))


def test_a_program_that_trains_otherwise_is_none() -> None:
    program, other = trace_program(CONFIG), trace_program(make_config(*SMALL, "loss.name=hinge"))
    with pytest.raises(Unfit, match="part in"):
        compare(CONFIG, Program(program.signature, other._run))


def test_rates_share_a_program_and_structures_do_not() -> None:
    keys = [find_key(Trainer(make_config(*SMALL, change))) for change in ("seed=7", "g_optimizer.learning_rate=0.01")]
    assert {*keys} == {find_key(Trainer(CONFIG))}
    others: list[RunConfig | list[RunConfig]] = [make_config(*SMALL, "batch_size=32"), STACK]
    others.append(make_config(*SMALL, "g_optimizer.name=sgd"))
    assert len({*keys, *(find_key(Trainer(other)) for other in others)}) == 4
    assert find_key(Trainer([CONFIG.with_seed(seed) for seed in range(20)])) == find_key(Trainer(STACK))


def test_another_compiler_or_processor_has_programs_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = {find_key(Trainer(CONFIG))}
    other = tmp_path / "other-compiler"
    other.write_text("#!/bin/sh\necho 1.0\n")
    other.chmod(0o700)
    for name, value in (("CXX", str(other)), ("CXX", str(tmp_path / "none"))):
        monkeypatch.setenv(name, value)
        describe_machine.cache_clear()
        keys.add(find_key(Trainer(CONFIG)))
    facts = tmp_path / "cpuinfo"
    facts.write_text("model name : a smaller one\nflags : sse2\n")
    monkeypatch.setattr(machine, "CPU_FACTS", facts)
    describe_machine.cache_clear()
    keys.add(find_key(Trainer(CONFIG)))
    assert len(keys) == 4
    monkeypatch.undo()
    describe_machine.cache_clear()


# The machine code ---------------------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize("configs", [CONFIG, STACK], ids=["one run", "a stack"])
def test_the_tiers_agree_over_twenty_steps(workshop: Workshop, configs: RunConfig | list[RunConfig]) -> None:
    eager, compiled = Trainer(configs), Trainer(configs)
    program = workshop.find(compiled)
    assert program
    for _ in range(STEPS):
        expected, got = eager.step(), program.step(compiled)
        assert got
        for one, other in zip(expected, got, strict=True):
            assert one is not None
            assert other is not None
            assert one.shape == other.shape
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    assert eager.state[1:] == compiled.state[1:]
    assert find_distance(eager.state, compiled.state) < 1e-4


@needs_compiler
def test_a_run_goes_from_one_tier_to_the_other_and_back_in_its_middle(workshop: Workshop) -> None:
    eager, mixed = Trainer(CONFIG), Trainer(CONFIG)
    program = workshop.find(mixed)
    assert program
    for step in range(STEPS):
        eager.step()
        assert program.step(mixed) if 5 <= step < 15 else mixed.step()
    assert eager.state[1:] == mixed.state[1:]
    assert find_distance(eager.state, mixed.state) < 1e-4


@needs_compiler
def test_compiled_steps_come_again_bit_for_bit_from_a_state_in_their_middle(workshop: Workshop) -> None:
    trainer = Trainer(CONFIG)
    program = workshop.find(trainer)
    assert program
    packed = train(program, trainer, 7).state.pack()
    first = train(program, trainer, 9).state
    assert is_same(first, train(program, Trainer(CONFIG, state=RunState.unpack(packed)), 9).state)
    assert is_same(first, train(Program.load(workshop._cache / find_key(trainer)), Trainer(CONFIG), 16).state)


@needs_compiler
def test_a_rate_that_is_turned_is_the_rate_of_the_next_compiled_step(workshop: Workshop) -> None:
    eager, compiled = Trainer(CONFIG), Trainer(CONFIG)
    program = workshop.find(compiled)
    assert program
    turned = make_config(*SMALL, "g_optimizer.learning_rate=0.02")
    for config in (CONFIG, turned):
        for trainer in (eager, compiled):
            trainer.configure(config)
        for _ in range(5):
            eager.step()
            assert program.step(compiled)
    assert find_distance(eager.state, compiled.state) < 1e-4


@needs_compiler
def test_a_step_that_is_not_finite_is_the_eager_trainers_to_refuse(foundry: Foundry) -> None:
    trainer = Trainer(CONFIG)
    stepper = Stepper(trainer, foundry)
    stepper.step()
    broken = trainer.state.tensors["generator"].clone()
    broken[3] = float("inf")
    trainer.state = before = trainer.state._replace(tensors={**trainer.state.tensors, "generator": broken})
    with pytest.raises(Diverged):
        stepper.step()
    assert trainer.state is before
    assert stepper.compiled_steps == 1


@needs_compiler
def test_a_stack_with_a_failed_run_goes_on_with_the_eager_trainer(foundry: Foundry) -> None:
    trainer = Trainer(STACK)
    stepper = Stepper(trainer, foundry)
    stepper.step()
    broken = trainer.state.tensors["generator"].clone()
    broken[1, 3] = float("nan")
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "generator": broken})
    for _ in range(3):
        stepper.step()
    assert [bool(failure) for failure in trainer.failures[:3]] == [False, True, False]
    assert (stepper.compiled_steps, trainer.state.step) == (1, 4)


@needs_compiler
def test_a_change_of_the_loss_leaves_the_program_of_the_old_one(foundry: Foundry) -> None:
    trainer, eager = Trainer(CONFIG), Trainer(CONFIG)
    stepper = Stepper(trainer, foundry)
    stepper.step(), eager.step()
    hinge = make_config(*SMALL, "loss.name=hinge", "regularizers=[]")
    for one in (trainer, eager):
        one.configure(hinge)
    for _ in range(3):
        stepper.step(), eager.step()
    assert stepper.compiled_steps == 1
    assert find_distance(trainer.state, eager.state) < 1e-4


@needs_compiler
def test_a_lab_that_is_not_to_compile_uses_programs_for_what_they_have_made_only(cache: Path) -> None:
    trainer = Trainer(CONFIG)
    foundry = Foundry(cache, builds=False)
    assert foundry.find(trainer) is None
    found = foundry.recall(trainer, find_key(trainer))
    assert found
    assert found.key == find_key(trainer)
    assert foundry.recall(trainer, "0" * 32) is None


@needs_compiler
def test_a_program_that_trains_for_long_is_not_thrown_away_for_newer_ones(cache: Path, tmp_path: Path) -> None:
    now, own = 0.0, shutil.copytree(cache, tmp_path / "own")
    trainer, foundry = Trainer(CONFIG), Foundry(own, patience=0.0, clock=lambda: now)
    assert foundry.find(trainer)
    facts = own / find_key(trainer) / FACTS
    os.utime(facts, (0, 0))
    now += NOTE_SECONDS
    assert foundry.find(trainer)
    forget_oldest(own, programs=0)
    assert facts.exists()
