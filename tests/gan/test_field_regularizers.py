"""What both players pay for the slopes of the game: against the textbook in double precision, and told as it is."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from server.gan.export.script import write_script
from server.gan.inspection import inspect_phase
from server.gan.inspection.looks import look_at_discriminator, look_at_generator
from server.gan.phases import Learner, Phase
from server.gan.probes import Sizes
from server.gan.regularizers import REGULARIZERS
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.gan.test_export import run_script, train
from tests.tools import textbook
from tests.tools.runs import catalog, make_config

GAMMA = 0.7
CONSENSUS = {"name": "consensus", "gamma": GAMMA}
SMALL = ("generator.width=5", "discriminator.width=4", "discriminator.activation=tanh", "batch_size=8")
PLAYERS: tuple[Learner, ...] = ("discriminator", "generator")


def test_the_price_is_half_gamma_times_the_squared_lengths_of_both_slopes() -> None:
    slopes = [torch.tensor([[3.0, 4.0], [0.0, 1.0]]), torch.tensor([[1.0], [2.0]])]
    assert REGULARIZERS["consensus"](slopes, gamma=2.0).tolist() == [[26.0], [5.0]]


def price_field(loss: str, vectors: dict[str, Tensor], z: Tensor, x_real: Tensor) -> Tensor:
    """Half of gamma times the squared length of the joint gradient (Mescheder et al., 2017, equation 9)."""
    x_fake = textbook.run_network(vectors["generator"], (2, 5, 5, 2), "relu", "linear", z)
    real, fake = (
        textbook.run_network(vectors["discriminator"], (2, 4, 4, 1), "tanh", "linear", x)[:, 0]
        for x in (x_real, x_fake)
    )
    losses = {"discriminator": textbook.D_LOSSES[loss](real, fake), "generator": textbook.G_LOSSES[loss](real, fake)}
    slopes = [torch.autograd.grad(losses[p].mean(), vectors[p], create_graph=True)[0] for p in PLAYERS]
    return GAMMA / 2 * sum((slope**2).sum() for slope in slopes)  # type: ignore[return-value]  # a sum of tensors


@pytest.mark.parametrize("order", [[], [{"name": "simultaneous"}]], ids=["in turn", "at once"])
@pytest.mark.parametrize("loss", ["non_saturating", "rpgan"])
def test_each_player_pays_and_moves_for_the_slopes_of_both(loss: str, order: list[dict[str, Any]]) -> None:
    paid, plain = (
        Trainer(make_config(*SMALL, f"loss.name={loss}", regularizers=units, techniques=order))
        for units in ([CONSENSUS], [])
    )
    start = paid.state
    for player in PLAYERS:
        begun = paid.state
        known = list(paid.phases(player))[-1].known
        scoring = begun.tensors["discriminator"]
        leaves = {"discriminator": scoring, "generator": begun.tensors["generator"]}
        vectors = {name: vector.double().requires_grad_() for name, vector in leaves.items()}
        expected = price_field(loss, vectors, known["z"].double(), known["x_real"].double())
        (slope,) = torch.autograd.grad(expected, vectors[player])
        plain.state = begun
        without = list(plain.phases(player))[-1].known
        torch.testing.assert_close(known["consensus_penalty"].double(), expected.detach().view(1), rtol=1e-4, atol=1e-8)
        gained = (known["gradient"] - without["gradient"]).double()
        torch.testing.assert_close(gained, slope, rtol=1e-3, atol=2e-7)
    assert paid.state.step == start.step + 2


def test_at_once_the_generator_pays_for_the_game_with_the_discriminator_before_it_moved() -> None:
    config = make_config(*SMALL, regularizers=[CONSENSUS], techniques=[{"name": "simultaneous"}])
    trainer = Trainer(config)
    start: RunState = trainer.state
    last: Phase = list(trainer.phases())[-1]
    vectors: dict[str, Tensor] = {name: start.tensors[name].double().requires_grad_() for name in PLAYERS}
    expected = price_field("non_saturating", vectors, last.known["z"].double(), last.known["x_real"].double())
    torch.testing.assert_close(
        last.known["consensus_penalty"].double(), expected.detach().view(1), rtol=1e-4, atol=1e-8
    )


def test_the_inspector_tells_the_price_in_both_players_losses_and_at_rest() -> None:
    trainer = Trainer(make_config(*SMALL, regularizers=[CONSENSUS]))
    before, seen = trainer.state, 0
    for phase in trainer.phases():
        told = inspect_phase(trainer, phase, before)
        if phase.name == "loss":
            numbers = told["numbers"]
            assert numbers["loss"] == pytest.approx((numbers["game"] or 0) + (numbers["consensus_penalty"] or 0))
            assert "Consensus" in " ".join(formula["latex"] for formula in told["formula"])
            seen += 1
        before = trainer.state
    assert seen == 2
    for look, letter in ((look_at_discriminator, "d"), (look_at_generator, "g")):
        known = look(trainer, Sizes()).known
        price = known["consensus_penalty"].item()
        assert price > 0
        assert known[f"{letter}_loss"].item() == pytest.approx(known["per_example"].mean().item() + price)


def test_a_run_at_once_with_noisy_points_another_penalty_and_pairs_is_exported_as_it_trains(tmp_path: Path) -> None:
    config = make_config(
        "loss.name=rpgan",
        regularizers=[{"name": "r1"}, CONSENSUS],
        techniques=[{"name": "simultaneous"}, {"name": "instance_noise"}],
    )
    steps = 12  # an order of sums is another: last digits part soon, on some processors sooner
    there = run_script(write_script(config, steps, catalog()), tmp_path)
    for mine, theirs in zip(train(Trainer(config), steps), there, strict=True):
        assert theirs == pytest.approx(mine, abs=1e-4)
