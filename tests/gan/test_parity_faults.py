"""Faults of GAN Lab that the mathematics here must not have, by their numbers in the list of its faults."""

import pytest
import torch

from server.errors import ConfigError
from server.gan.assignments import assign
from server.gan.catalog import build_catalog
from server.gan.config import RunConfig, check_config, describe_changes, restarts
from server.gan.datasets import DATASETS
from server.gan.phases import Diverged
from server.gan.presets import PRESETS
from server.gan.probes import probe_box, probe_layers
from server.gan.trainer import Trainer
from server.sessions.timeline import MOST_ROWS, Timeline

CATALOG = build_catalog()
SEEDS = 5


def change(config: RunConfig, assignment: str) -> RunConfig:
    """The same run with one value changed."""
    return check_config(assign(config.to_json(), assignment), CATALOG)


def share_inside(config: RunConfig) -> float:
    """Which share of the generated samples lies in the picture at step 0."""
    points, (x0, x1, y0, y1) = probe_layers(Trainer(config), {"generated"})["x_fake"], probe_box(config)
    low, high = ([x0, y0], [x1, y1]) if config.data_dimension == 2 else ([x0], [x1])
    return float(((points >= low) & (points <= high)).all(-1).mean())


@pytest.mark.parametrize("preset", PRESETS)
def test_f4_a_fresh_generators_samples_lie_in_the_picture(preset: str) -> None:
    for seed in range(SEEDS):
        assert share_inside(check_config(PRESETS[preset].config, CATALOG).with_seed(seed)) > 0.95


@pytest.mark.parametrize("data", DATASETS)
def test_f4_whatever_the_data_set(data: str) -> None:
    for seed in range(SEEDS):
        config = check_config({"data": {"name": data}}, CATALOG).with_seed(seed)
        assert share_inside(config) > 0.95, f"seed {seed}"


def test_f5_the_needles_follow_the_chosen_loss() -> None:
    """The non-saturating slope is longer than the saturating one by (1 - D) / D, at every sample."""
    lengths = {}
    for loss in ("minimax", "non_saturating"):
        config = check_config({"loss": {"name": loss}}, CATALOG)
        trainer = Trainer(check_config({}, CATALOG))
        for _ in range(30):
            trainer.step("discriminator")
        arrays = probe_layers(Trainer(config, state=trainer.state), {"gradients", "predictions"})
        lengths[loss] = torch.from_numpy(arrays["gradients"]).norm(dim=1)
        d = torch.sigmoid(torch.from_numpy(arrays["fake_logits"]))
    torch.testing.assert_close(lengths["non_saturating"] / lengths["minimax"], (1 - d) / d, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("edit", ["generator.width=9", "discriminator.hidden_layers=1", "latent.name=uniform"])
def test_f9_a_rebuilt_network_keeps_the_loss_that_was_chosen(edit: str) -> None:
    chosen = change(check_config({}, CATALOG), "loss.name=least_squares")
    rebuilt = change(chosen, edit)
    assert restarts(chosen, rebuilt)
    assert rebuilt.loss == chosen.loss
    assert Trainer(rebuilt).loss.key == "least_squares"


def test_f15_a_number_that_is_none_stops_the_run_and_says_where() -> None:
    trainer = Trainer(check_config({}, CATALOG))
    trainer.step()
    broken = trainer.state.tensors["generator"] * torch.nan
    trainer.state = trainer.state._replace(tensors={**trainer.state.tensors, "generator": broken})
    with pytest.raises(Diverged, match="step 2: the discriminator's loss became infinite or not a number"):
        trainer.step()


def test_f16_the_discriminators_gradients_have_a_picture_of_their_own() -> None:
    trainer = Trainer(check_config({}, CATALOG))
    before = probe_layers(trainer, {"d_gradients"})["surface_change"]
    trainer.step("discriminator")
    after = probe_layers(trainer, {"d_gradients"})["surface_change"]
    assert before.ndim == 2
    assert abs(before).max() == pytest.approx(1)
    assert (before != after).any()


@pytest.mark.parametrize("neurons", ["0", "-1", "1.5", "100000"])
def test_f24_a_width_that_cannot_be_is_refused_in_words(neurons: str) -> None:
    with pytest.raises(ConfigError, match=r"generator\.width: expected a whole number from 1 to 256"):
        change(check_config({}, CATALOG), f"generator.width={neurons}")


@pytest.mark.parametrize(
    "structure", ["generator.width=1", "generator.hidden_layers=0", "discriminator.hidden_layers=0"]
)
def test_f24_the_smallest_networks_train(structure: str) -> None:
    trainer = Trainer(change(check_config({}, CATALOG), structure))
    for _ in range(20):
        trainer.step()
    assert trainer.state.step == 20


def test_f26_another_rate_keeps_what_adam_remembers_and_names_what_changed() -> None:
    config = check_config({}, CATALOG)
    trainer = Trainer(config)
    for _ in range(5):
        trainer.step()
    before = {name: tensor.clone() for name, tensor in trainer.state.tensors.items() if "optimizer" in name}
    faster = change(config, "g_optimizer.learning_rate=0.01")
    trainer.configure(faster)
    assert before
    assert all(torch.equal(trainer.state.tensors[name], tensor) for name, tensor in before.items())
    assert describe_changes(config, faster) == {"g_optimizer.learning_rate": (0.001, 0.01)}


def test_f27_a_long_run_keeps_a_bounded_history() -> None:
    timeline = Timeline()
    for start in range(1, 4 * MOST_ROWS, 1000):
        steps = tuple(range(start, start + 1000))
        timeline.add_rows(steps, (0.5,) * 1000, (0.5,) * 1000, ())
    rows = [step for event in timeline.list_after(0) for step in getattr(event, "steps", ())]
    assert len(rows) <= MOST_ROWS + 1000
    assert rows[0] < 1000
    assert rows[-1] == 4 * MOST_ROWS


def test_f27_another_width_leaves_nothing_of_the_old_networks() -> None:
    """A run's numbers are its state alone, so a new run of the same size takes the same room."""
    small = check_config({}, CATALOG)
    sizes = []
    for config in (small, change(small, "generator.width=200"), small):
        trainer = Trainer(config)
        trainer.step()
        sizes.append(sum(tensor.numel() for tensor in trainer.state.tensors.values()))
    assert sizes[0] == sizes[2] < sizes[1]
