"""Draws are a pure function of seed, step and purpose."""

import subprocess
import sys

import torch

from server.gan.randomness import Batches, Draws, JoinedBatches, draws_for


def sample(count: int, draws: Draws) -> torch.Tensor:
    return draws.normal(count, 2)


def test_f22_the_same_seed_step_and_purpose_give_the_same_numbers() -> None:
    assert torch.equal(draws_for(1, 2, "a").normal(9), draws_for(1, 2, "a").normal(9))


def test_f22_another_seed_step_or_purpose_gives_other_numbers() -> None:
    first = draws_for(1, 2, "a").normal(9)
    for other in (draws_for(2, 2, "a"), draws_for(1, 3, "a"), draws_for(1, 2, "b")):
        assert not torch.equal(first, other.normal(9))


def test_a_run_of_a_stack_draws_what_it_draws_alone() -> None:
    together = draws_for([5, 6, 7], 4, "a")
    alone = draws_for(6, 4, "a")
    assert torch.equal(together.uniform(3, 2)[1], alone.uniform(3, 2))
    assert torch.equal(together.integers(10, 8)[1], alone.integers(10, 8))


def test_batches_do_not_depend_on_the_order_of_asking() -> None:
    forwards, backwards = Batches(3, "a", 8, 2, sample), Batches(3, "a", 8, 2, sample)
    wanted = [forwards.at(step) for step in range(40)]
    for step in reversed(range(40)):
        assert torch.equal(backwards.at(step), wanted[step])


def test_joined_runs_have_the_batches_that_each_has_alone_whatever_the_step() -> None:
    ahead, width = (0, 5, 16, 1000), 8
    joined = JoinedBatches([Batches(seed, "a", 8, 2, sample) for seed in range(4)], ahead, width)
    alone = [Batches(seed, "a", 8, 2, sample) for seed in range(4)]
    for step in (*range(40), 3, 200):
        together = joined.at(step)
        expected = [batches.at(begun + step) for batches, begun in zip(alone, ahead, strict=True)]
        assert torch.equal(together, torch.stack(expected + expected[-1:] * (width - 4))), step


def test_f12_batches_of_different_steps_differ() -> None:
    batches = Batches(3, "a", 8, 2, sample)
    assert len({float(batches.at(step).sum()) for step in range(100)}) == 100


def test_another_process_draws_the_same() -> None:
    code = "from server.gan.randomness import draws_for; print(draws_for(11, 22, 'x').normal(4).tolist())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert other.strip() == str(draws_for(11, 22, "x").normal(4).tolist())


def test_f22_the_global_generator_is_neither_read_nor_moved() -> None:
    before = torch.random.get_rng_state()
    draws_for(0, 0, "a").normal(100)
    assert torch.equal(before, torch.random.get_rng_state())
