"""How the players take their turns: extragradient against the paper's algorithm in double precision, and its counts."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig
from server.gan.inspection import Underway, inspect_phase, tell_sample
from server.gan.phases import Learner, Phase, Player
from server.gan.probes import Sizes, draw_fixed_latent
from server.gan.state import RunState
from server.gan.trainer import Trainer
from tests.tools import textbook
from tests.tools.runs import make_config

AHEAD = {"name": "extragradient"}
SMALL = ("generator.width=5", "discriminator.width=4", "generator.activation=tanh", "batch_size=8")
NETWORKS: tuple[Learner, ...] = ("discriminator", "generator")


def looking_ahead(*assignments: str) -> RunConfig:
    return make_config(*SMALL, *assignments, techniques=[AHEAD])


def price(config: RunConfig, player: Learner, vectors: dict[str, Tensor], drawn: Phase) -> Tensor:
    """A player's loss on the points that an update drew, under these parameters."""
    x_fake = textbook.run_network(vectors["generator"], (2, 5, 5, 2), "tanh", "linear", drawn.known["z"].double())
    x_real = drawn.known.get("x_real", drawn.known["z"]).double()  # read by a loss only that draws real points
    real, fake = (
        textbook.run_network(vectors["discriminator"], (2, 4, 4, 1), "relu", "linear", x)[:, 0]
        for x in (x_real, x_fake)
    )
    losses = textbook.D_LOSSES if player == "discriminator" else textbook.G_LOSSES
    return losses[config.loss.name](real, fake).mean()


def move(
    config: RunConfig, player: Learner, gradient: Tensor, slots: list[dict[str, float]], t: int
) -> tuple[Tensor, list[dict[str, float]]]:
    """An optimizer's step, parameter by parameter."""
    optimizer = getattr(config, f"{player[0]}_optimizer")
    moved = [
        textbook.MOVES[optimizer.name](g, slot, t, optimizer.values)
        for g, slot in zip(gradient.tolist(), slots, strict=True)
    ]
    return torch.tensor([change for change, _ in moved], dtype=torch.float64), [kept for _, kept in moved]


def extrapolate(config: RunConfig, start: RunState, drawn: Sequence[Phase]) -> dict[str, Tensor]:
    """Algorithm 4 of Gidel et al. (2019), its two halves one after the other."""
    begun: dict[str, Tensor] = {name: start.tensors[name].double() for name in NETWORKS}
    slots = {name: [{"mean": 0.0, "square": 0.0, "past": 0.0}] * len(begun[name]) for name in NETWORKS}
    place = begun
    for half in (0, 1):
        leaves: dict[str, Tensor] = {name: vector.clone().requires_grad_() for name, vector in place.items()}
        reached: dict[str, Tensor] = {}
        for name, phase in zip(NETWORKS, drawn[2 * half : 2 * half + 2], strict=True):
            (gradient,) = torch.autograd.grad(price(config, name, leaves, phase), leaves[name])
            change, slots[name] = move(config, name, gradient, slots[name], half + 1)
            reached[name] = begun[name] + change
        place = reached
    return place


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("loss", ["non_saturating", "rpgan"])
def test_an_extragradient_step_is_that_of_the_paper(loss: str, optimizer: str) -> None:
    config = looking_ahead(
        f"loss.name={loss}", *(f"{p}_optimizer.{n}" for p in "dg" for n in (f"name={optimizer}", "learning_rate=0.05"))
    )
    trainer = Trainer(config)
    start, drawn = trainer.state, [phase for phase in trainer.phases() if phase.name == "sample"]
    for name, expected in extrapolate(config, start, drawn).items():
        torch.testing.assert_close(trainer.state.tensors[name].double(), expected, rtol=1e-4, atol=2e-6)


def test_the_two_halves_draw_points_of_their_own() -> None:
    first, _, second, _ = (phase for phase in Trainer(looking_ahead()).phases() if phase.name == "sample")
    assert not torch.equal(first.tensors["x_real"], second.tensors["x_real"])


@pytest.mark.parametrize(
    ("assignments", "player", "turns"),
    [
        ([], "both", "dgdg"),
        ([], "generator", "gg"),
        (["d_updates=0"], "both", "gg"),
        (["g_updates=0"], "both", "dd"),
    ],
)
def test_a_step_has_as_many_updates_as_are_counted(assignments: list[str], player: Player, turns: str) -> None:
    config = looking_ahead(*assignments)
    trainer = Trainer(config)
    walked = [phase for phase in trainer.phases(player) if phase.name == "update"]
    assert "".join(phase.player[0] for phase in walked) == turns
    assert {name: turns.count(name[0]) for name in NETWORKS} == config.count_updates(player)
    assert (trainer.state.d_updates, trainer.state.g_updates) == (turns.count("d"), turns.count("g"))
    assert (trainer.state.step, [phase.update for phase in walked]) == (
        1,
        [int(2 * i >= len(turns)) for i in range(len(turns))],
    )


@pytest.mark.parametrize("player", NETWORKS)
def test_more_updates_of_a_player_in_a_step_are_refused_in_words(player: str) -> None:
    with pytest.raises(ConfigError, match=f"1 update of the {player} in a step, not with 2: it needs both"):
        looking_ahead(f"{player[0]}_updates=2")


def test_an_extragradient_step_is_told_from_where_each_weight_was() -> None:
    trainer = Trainer(looking_ahead())
    for _ in range(3):
        trainer.step()
    start = before = trainer.state
    told = []
    for phase in trainer.phases():
        answer = inspect_phase(trainer, phase, before)
        if phase.name == "update":
            index = int(phase.tensors["change"].abs().argmax())
            assert answer["numbers"]["weight_before"] == pytest.approx(start.tensors[phase.player][index].item())
            assert answer["numbers"]["weight"] == pytest.approx(trainer.state.tensors[phase.player][index].item())
            told.append((answer["formula"][0]["latex_numbers"].split(" = ")[0], answer["formula"][-1]["meaning"]))
        before = trainer.state
    assert [symbol for symbol, _ in told] == [r"\phi_{t-1}", r"\theta_{t-1}", r"\phi_{t-2}", r"\theta_{t-2}"]
    assert ["taken back" in meaning for _, meaning in told] == [True, True, False, False]
    assert "before the look ahead" in told[3][1]


@pytest.mark.parametrize("made", [0, 1, 2, 3])
def test_a_sample_moves_as_the_whole_step_moves_it_wherever_it_is_looked_at(made: int) -> None:
    trainer = Trainer(looking_ahead("g_optimizer.learning_rate=0.0001"))
    for _ in range(3):
        trainer.step()
    start, phases = trainer.state, trainer.phases()
    for _ in range(6 * made):
        next(phases)
    story = tell_sample(trainer, 2, within=Underway(start, "both", made))
    for _ in phases:
        pass
    assert story["moved"] == trainer.generate(draw_fixed_latent(trainer, Sizes()))[2].tolist()
    assert story["first_order"] == pytest.approx(story["moved"], abs=1e-5)
    meaning = story["stages"][-1]["formula"][0]["meaning"]
    assert ("look ahead" in meaning) == (made < 2)
    assert ("makes its update first" in meaning) == (made < 3)
