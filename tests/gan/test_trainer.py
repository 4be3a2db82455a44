"""Invariants of training: the same seed gives the same weights, whatever happens around it."""

import subprocess
import sys

import pytest
import torch

from server.errors import EngineError
from server.gan.losses import LOSSES
from server.gan.metrics import METRICS, evaluate_metrics
from server.gan.optimizers import OPTIMIZERS
from server.gan.phases import Diverged
from server.gan.probes import probe_layers
from server.gan.state import RunState
from server.gan.trainer import Trainer
from server.protocol.frames import LAYER_ARRAYS
from tests.tools.runs import GAMES, cross_units, make_config, serve_needs

SMALL = ("generator.width=8", "discriminator.width=8", "batch_size=16")


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.step()
    return trainer


def same(a: RunState, b: RunState) -> bool:
    return a[1:] == b[1:] and all(torch.equal(a.tensors[name], b.tensors[name]) for name in (*a.tensors, *b.tensors))


def test_f22_the_same_seed_gives_the_same_weights() -> None:
    config = make_config(*SMALL)
    assert same(train(Trainer(config), 20).state, train(Trainer(config), 20).state)


def test_f22_another_seed_gives_other_weights() -> None:
    first, second = (Trainer(make_config(*SMALL, f"seed={seed}")) for seed in (0, 1))
    assert not torch.equal(first.state.tensors["generator"], second.state.tensors["generator"])


def test_f12_looking_changes_nothing() -> None:
    looked_at, left_alone = Trainer(make_config(*SMALL)), Trainer(make_config(*SMALL))
    for _ in range(10):
        probe_layers(looked_at, LAYER_ARRAYS)
        evaluate_metrics(looked_at, list(METRICS))
        looked_at.step()
    assert same(looked_at.state, train(left_alone, 10).state)


def test_another_process_trains_the_same() -> None:
    code = (
        "import hashlib, torch; torch.set_num_threads(1)\n"
        "from tests.tools.runs import make_config; from server.gan.trainer import Trainer\n"
        f"trainer = Trainer(make_config(*{SMALL}))\n"
        "for _ in range(20): trainer.step()\n"
        "print(trainer.state.pack().hex())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    here = train(Trainer(make_config(*SMALL)), 20).state
    assert same(RunState.unpack(bytes.fromhex(there.strip())), here)


def test_saving_and_loading_in_the_middle_changes_nothing() -> None:
    config = make_config(*SMALL)
    packed = train(Trainer(config), 7).state.pack()
    continued = train(Trainer(config, state=RunState.unpack(packed)), 13)
    assert same(continued.state, train(Trainer(config), 20).state)


def test_going_back_and_on_again_is_exact() -> None:
    trainer = train(Trainer(make_config(*SMALL)), 5)
    then = trainer.state
    later = train(trainer, 30).state
    trainer.state = then
    assert same(train(trainer, 30).state, later)


@pytest.mark.parametrize(("loss", "optimizer"), cross_units(LOSSES, OPTIMIZERS))
def test_f13_phases_walked_by_hand_give_the_weights_of_steps(loss: str, optimizer: str) -> None:
    assignments = (*SMALL, f"loss.name={loss}", f"d_optimizer.name={optimizer}", "d_updates=2", "g_updates=2")
    config = make_config(*assignments, *serve_needs(LOSSES[loss]))
    by_hand, at_once = Trainer(config), Trainer(config)
    for _ in range(4):
        for _ in by_hand.phases():
            probe_layers(by_hand, LAYER_ARRAYS)
        at_once.step()
    assert same(by_hand.state, at_once.state)


def test_an_update_walks_through_the_six_phases() -> None:
    walked = [
        (phase.player, phase.update, phase.name) for phase in Trainer(make_config(*SMALL, "d_updates=2")).phases()
    ]
    names = ["sample", "generate", "classify", "loss", "backward", "update"]
    turns = [("discriminator", 0), ("discriminator", 1), ("generator", 0)]
    assert walked == [(player, update, name) for player, update in turns for name in names]


def test_a_phase_knows_the_tensors_of_its_update_and_of_no_other() -> None:
    known: dict[str, torch.Tensor] = {}
    for phase in Trainer(make_config(*SMALL, "d_updates=2")).phases():
        known = {**({} if phase.name == "sample" else known), **phase.tensors}
        assert phase.known == known


def test_a_run_does_not_depend_on_the_width_of_its_stack() -> None:
    config = make_config()
    narrow = train(Trainer([config.with_seed(seed) for seed in range(8)]), 10).state.tensors
    wide = train(Trainer([config.with_seed(seed) for seed in (*range(20, 28), *range(8))]), 10).state.tensors
    for name, tensor in narrow.items():
        assert torch.equal(tensor, wide[name][8:]), name


def test_a_run_alone_agrees_with_the_run_in_a_stack() -> None:
    config = make_config()
    stack = train(Trainer([config.with_seed(seed) for seed in range(8)]), 10).state.tensors
    alone = train(Trainer(config.with_seed(3)), 10).state.tensors
    for name in ("generator", "discriminator"):
        torch.testing.assert_close(stack[name][3], alone[name], atol=1e-4, rtol=0)


def test_a_stack_of_five_is_padded_and_answers_for_five() -> None:
    config = make_config(*SMALL)
    stack = Trainer([config.with_seed(seed) for seed in range(5)])
    losses = stack.step()
    assert losses.discriminator is not None
    assert losses.discriminator.shape == (5,)
    assert stack.generate(torch.zeros(3, 2)).shape == (5, 3, 2)
    assert len(stack.state.tensors["generator"]) == 8


def test_runs_of_different_structure_are_not_stacked() -> None:
    with pytest.raises(EngineError, match="differ in seed and live numbers only"):
        Trainer([make_config(), make_config("batch_size=64")])


def test_runs_of_a_stack_may_have_their_own_rates() -> None:
    rates = (0.0001, 0.01)
    stack = train(Trainer([make_config(f"g_optimizer.learning_rate={rate}") for rate in rates]), 5)
    for run, rate in enumerate(rates):
        alone = train(Trainer(make_config(f"g_optimizer.learning_rate={rate}")), 5)
        torch.testing.assert_close(stack.state.tensors["generator"][run], alone.state.tensors["generator"])


@pytest.mark.parametrize(
    ("player", "moved", "still"),
    [("discriminator", "discriminator", "generator"), ("generator", "generator", "discriminator")],
)
def test_an_update_moves_one_player_only(player: str, moved: str, still: str) -> None:
    trainer = Trainer(make_config(*SMALL))
    before = trainer.state
    losses = trainer.step(player)  # type: ignore[arg-type]  # the parameters above are the literals
    assert not torch.equal(trainer.state.tensors[moved], before.tensors[moved])
    assert torch.equal(trainer.state.tensors[still], before.tensors[still])
    assert (losses.discriminator is None) is (player == "generator")
    assert (trainer.state.step, trainer.state.d_updates + trainer.state.g_updates) == (1, 1)


def test_f26_a_changed_rate_keeps_what_the_optimizer_remembers() -> None:
    trainer = train(Trainer(make_config(*SMALL)), 5)
    before = trainer.state
    trainer.configure(make_config(*SMALL, "d_optimizer.learning_rate=0.01"))
    assert same(trainer.state, before)
    trainer.step()
    assert trainer.state.d_optimizer_steps == 6


def test_another_optimizer_begins_with_an_empty_memory() -> None:
    trainer = train(Trainer(make_config(*SMALL)), 5)
    trainer.configure(make_config(*SMALL, "d_optimizer.name=rmsprop"))
    assert {name for name in trainer.state.tensors if name.startswith("d_")} == {"d_optimizer.square"}
    assert float(trainer.state.tensors["d_optimizer.square"].sum()) == 0
    assert (trainer.state.d_optimizer_steps, trainer.state.g_optimizer_steps) == (0, 5)


def test_a_live_change_acts_like_having_been_there() -> None:
    trainer = train(Trainer(make_config(*SMALL)), 3)
    trainer.configure(make_config(*SMALL, "batch_size=32", "d_updates=3"))
    restored = Trainer(make_config(*SMALL, "batch_size=32", "d_updates=3"), state=trainer.state)
    assert same(train(trainer, 3).state, train(restored, 3).state)


WILD = (*SMALL, "loss.name=least_squares", "d_optimizer.name=sgd", "d_optimizer.learning_rate=10")


def spoil(trainer: Trainer, network: str, value: float) -> None:
    """Make one weight so large that the next update of that network meets a number that is not finite."""
    tensors = dict(trainer.state.tensors)
    tensors[network] = tensors[network].clone()
    tensors[network][-1] = value
    trainer.state = trainer.state._replace(tensors=tensors)


@pytest.mark.parametrize(
    ("loss", "network", "value", "player", "quantity"),
    [
        ("least_squares", "discriminator", 1e20, "discriminator", "loss"),  # a square beyond float32
        ("non_saturating", "generator", float("nan"), "discriminator", "loss"),
        ("minimax", "discriminator", float("inf"), "discriminator", "loss"),
    ],
)
def test_f15_divergence_names_what_was_not_finite(
    loss: str, network: str, value: float, player: str, quantity: str
) -> None:
    trainer = Trainer(make_config(*SMALL, f"loss.name={loss}"))
    spoil(trainer, network, value)
    with pytest.raises(Diverged) as diverged:
        trainer.step()
    assert (diverged.value.step, diverged.value.player, diverged.value.quantity) == (1, player, quantity)


def test_divergence_of_the_generator_alone_is_its_own() -> None:
    trainer = Trainer(make_config(*SMALL, "loss.name=least_squares"))
    spoil(trainer, "discriminator", 1e20)
    with pytest.raises(Diverged, match="step 1: the generator's loss became infinite or not a number"):
        trainer.step("generator")


def test_divergence_keeps_the_last_finite_state() -> None:
    trainer = Trainer(make_config(*WILD))
    with pytest.raises(Diverged) as diverged:
        train(trainer, 200)
    state = trainer.state
    assert diverged.value.step == state.step + 1
    assert f"step {state.step + 1}" in str(diverged.value)
    assert all(torch.isfinite(tensor).all() for tensor in state.tensors.values())
    assert state.d_updates == state.g_updates == state.step


def test_a_diverged_run_goes_on_from_its_last_finite_state_with_a_lower_rate() -> None:
    trainer = Trainer(make_config(*WILD))
    with pytest.raises(Diverged):
        train(trainer, 200)
    trainer.state = Trainer(trainer.config).state
    trainer.configure(make_config(*WILD, "d_optimizer.learning_rate=0.01"))
    before = trainer.state
    trainer.step()
    assert not torch.equal(trainer.state.tensors["discriminator"], before.tensors["discriminator"])


def test_a_diverged_run_of_a_stack_stops_alone() -> None:
    calm, wild = make_config(*WILD, "d_optimizer.learning_rate=0.001"), make_config(*WILD)
    stack = train(Trainer([calm, wild]), 200)
    assert stack.failures[0] is None
    fallen = stack.failures[1]
    assert isinstance(fallen, Diverged)
    assert torch.isfinite(stack.state.tensors["discriminator"]).all()
    fallen_alone = train(Trainer([wild]), fallen.step - 1)
    for name, tensor in fallen_alone.state.tensors.items():
        assert torch.equal(stack.state.tensors[name][1], tensor[0]), name
    alone = train(Trainer(calm), 200)
    torch.testing.assert_close(
        stack.state.tensors["generator"][0], alone.state.tensors["generator"], atol=1e-3, rtol=1e-2
    )


@pytest.mark.parametrize("loss_key", GAMES)
@pytest.mark.parametrize("units", ["lab", "published"])
def test_gradients_follow_the_losses_of_the_phases(loss_key: str, units: str) -> None:
    """The gradient of every update equals autograd's for the same numbers, in float64."""
    trainer = train(
        Trainer(make_config("data.name=gaussians", f"data.units={units}", f"loss.name={loss_key}", *SMALL)), 3
    )
    loss = trainer.loss
    before = trainer.state.tensors
    seen: dict[str, dict[str, torch.Tensor]] = {"discriminator": {}, "generator": {}}
    for phase in trainer.phases():
        seen[phase.player] |= {name: tensor.detach() for name, tensor in phase.tensors.items()}
        if (phase.player, phase.name) == ("discriminator", "update"):
            after_d = trainer.state.tensors
    phi, theta = (before[name].double().requires_grad_() for name in ("discriminator", "generator"))
    game = seen["discriminator"]
    parts = trainer.discriminator.split(phi)
    d_loss = loss(*(trainer.discriminator(parts, game[x].double()).squeeze(-1) for x in ("x_real", "x_fake")))
    (wanted,) = torch.autograd.grad(d_loss.discriminator.mean(), phi)
    torch.testing.assert_close(game["gradient"].double(), wanted, atol=1e-5, rtol=1e-4)
    game = seen["generator"]
    x_fake = trainer.generator(trainer.generator.split(theta), game["z"].double())
    parts = trainer.discriminator.split(after_d["discriminator"].double())
    fake = trainer.discriminator(parts, x_fake).squeeze(-1)
    real = trainer.discriminator(parts, game["x_real"].double()).squeeze(-1) if loss.pairs else fake
    (wanted,) = torch.autograd.grad(loss(real, fake).generator.mean(), theta)
    torch.testing.assert_close(game["gradient"].double(), wanted, atol=1e-5, rtol=1e-4)
