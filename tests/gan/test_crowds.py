"""Minibatch discrimination: forward against the paper's sums, slopes against finite differences in double precision."""

from typing import Any

import pytest
import torch
from torch import Tensor

from server.errors import ConfigError
from server.gan.config import RunConfig
from server.gan.craft import Craft
from server.gan.export.script import write_script
from server.gan.inspection import inspect_phase, tell_sample
from server.gan.inspection.snippets import write_network
from server.gan.model_file import expect_shapes
from server.gan.networks import Network
from server.gan.probes import Sizes, draw_fixed_latent, probe_layers
from server.gan.randomness import draws_for
from server.gan.regularizers import REGULARIZERS
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.crowds import OTHERS
from server.gan.trainer import Trainer
from tests.tools.runs import catalog, make_config, serve_needs

SMALL = ("generator.width=8", "discriminator.width=6", "discriminator.activation=tanh", "batch_size=8")
CROWD = {"name": "minibatch_discrimination", "kernels": 3, "size": 2}


def config_with(*assignments: str) -> RunConfig:
    return make_config(*SMALL, *assignments, techniques=[CROWD])


def build(runs: tuple[int, ...] = ()) -> tuple[Network, Craft, Tensor]:
    config = config_with()
    network = Network.build(config.discriminator, 2, 1)
    craft = Craft([config.techniques], {"discriminator": network}, 2, True, torch.device("cpu"))
    vector = network.draw_parameters(draws_for(3, 0, "weights")).double()
    return network, craft, (2 * vector).expand(*runs, -1).contiguous()


def score_slowly(network: Network, vector: Tensor, points: Tensor, company: Tensor, own: bool) -> Tensor:
    """Score points (N, 2) among others as the paper's equations have it, one pair and one kernel at a time."""
    *layers, compared = network.split(vector)
    hidden, beside = points, company
    for weight, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        hidden, beside = torch.tanh(hidden @ weight + bias), torch.tanh(beside @ weight + bias)
    rows = []
    for i, one in enumerate(hidden):
        told = []
        for kernel in range(3):
            part = compared[:, 2 * kernel : 2 * kernel + 2]
            like = [
                torch.exp(-(one @ part - other @ part).abs().sum())
                for j, other in enumerate(beside)
                if not (own and i == j)
            ]
            told.append(torch.stack(like).sum() / len(like))
        rows.append(torch.cat((one, torch.stack(told))) @ layers[-2] + layers[-1])
    return torch.stack(rows)


def draw(*shape: int, seed: int = 2) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_real_and_generated_points_are_each_compared_with_their_own_sort() -> None:
    network, craft, vector = build()
    real, fake = draw(6, 2), draw(6, 2, seed=5)
    scores = craft.judge(network.split(vector), real, fake).outputs
    expected = torch.cat([score_slowly(network, vector, points, points, own=True) for points in (real, fake)])
    torch.testing.assert_close(scores, expected)


def test_a_place_that_is_looked_at_is_compared_with_the_others_and_not_with_other_places() -> None:
    network, craft, vector = build()
    places, others = draw(5, 2), draw(7, 2, seed=5)
    scores = craft.judge(network.split(vector), places, others=[others]).outputs[:5]
    torch.testing.assert_close(scores, score_slowly(network, vector, places, others, own=False))


@pytest.mark.parametrize("runs", [(), (2,)])
def test_slopes_and_tangents_are_those_of_finite_differences(runs: tuple[int, ...]) -> None:
    network, craft, vector = build(runs)
    points, shares, way = draw(*runs, 6, 2), draw(*runs, 12, 1, seed=3), draw(*vector.shape, seed=4)

    def scores(points: Tensor, vector: Tensor) -> Tensor:
        return craft.judge(network.split(vector), points, points.flip(-1)).outputs

    trace = craft.judge(network.split(vector), points, points.flip(-1))
    slope = network.input_gradient(network.split(vector), trace, shares)
    slope = slope[..., :6, :] + slope[..., 6:, :].flip(-1)
    gradient = network.parameter_gradient(network.split(vector), trace, shares)
    step, across = 1e-6, draw(*points.shape, seed=7)
    along = (scores(points, vector + step * way) - scores(points, vector - step * way)) / (2 * step)
    aside = (scores(points + step * across, vector) - scores(points - step * across, vector)) / (2 * step)
    tangent = network.tangent(network.split(vector), trace, network.split(way))
    torch.testing.assert_close(tangent, along, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close((gradient * way).sum(), (along * shares).sum(), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close((slope * across).sum(), (aside * shares).sum(), rtol=1e-5, atol=1e-7)


def test_a_saved_model_is_known_to_have_what_compares_points() -> None:
    tensors = Trainer(config_with()).state.tensors
    expected = expect_shapes(config_with(), catalog())
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == expected


def test_a_run_of_a_stack_trains_as_it_does_alone() -> None:
    config = config_with()
    alone, stack = Trainer(config), Trainer([config.with_seed(seed) for seed in (config.seed, 1, 2)])
    for _ in range(5):
        alone.step()
        stack.step()
    for name in ("generator", "discriminator"):
        torch.testing.assert_close(stack.state.tensors[name][0], alone.state.tensors[name], rtol=1e-4, atol=1e-6)


def test_the_story_adds_up_the_pull_through_all_scores() -> None:
    trainer = Trainer(config_with())
    sizes = Sizes(generated=12, real=12, surface=4, warp=3)
    story = tell_sample(trainer, 3, sizes)
    stage = next(one for one in story["stages"] if one["key"] == "gradient")
    whole = {name: value for name, value in stage["numbers"].items() if value is not None}
    fake = trainer.make_points(draw_fixed_latent(trainer, sizes)).detach().requires_grad_()
    loss = torch.nn.functional.softplus(-trainer.score(fake)).sum()
    (slope,) = torch.autograd.grad(loss, fake)
    scale = 3 / trainer.source.box.half_extent
    assert [whole["needle_1"], whole["needle_2"]] == pytest.approx((-scale * slope[3]).tolist(), rel=1e-4, abs=1e-7)
    terms = [
        whole["loss_per_score"] * whole[f"score_slope_{axis}"] + whole[f"score_slope_{axis}_term_2"] for axis in (1, 2)
    ]
    assert terms == pytest.approx((scale * slope[3]).tolist(), rel=1e-4, abs=1e-7)


def test_the_code_of_the_discriminator_builds_one_that_compares_points() -> None:
    trainer = Trainer(config_with())
    code = write_network("discriminator", trainer.discriminator, trainer.config.discriminator)
    names: dict[str, Any] = {"torch": torch, "nn": torch.nn}
    exec(code, names)
    module = names["discriminator"]
    *layers, compared = trainer.weights("discriminator")
    module[-2].T.data = compared
    linears = [layer for layer in module if isinstance(layer, torch.nn.Linear)]
    for linear, weight, bias in zip(linears, layers[::2], layers[1::2], strict=True):
        linear.weight.data, linear.bias.data = weight.T, bias
    points = draw(9, 2).float()
    torch.testing.assert_close(module(points).squeeze(-1), trainer.score(points))


def test_the_surface_has_the_scores_of_places_among_generated_samples() -> None:
    trainer = Trainer(config_with())
    sizes = Sizes(generated=12, real=12, surface=4, warp=3)
    arrays = probe_layers(trainer, ["surface", "d_gradients", "predictions", "gradients"], sizes)
    others = trainer.make_points(draw_fixed_latent(trainer, sizes)).detach()
    steps = (torch.arange(4) + 0.5) / 4 * 6 - 3
    places = torch.stack([torch.stack((x, y)) for y in steps for x in steps])
    vector = trainer.state.tensors["discriminator"]
    expected = score_slowly(trainer.discriminator, vector, places, others, own=False)
    torch.testing.assert_close(
        torch.from_numpy(arrays["surface"]).flatten(), expected.squeeze(-1), atol=1e-5, rtol=1e-4
    )
    assert arrays["surface_change"].shape == (4, 4)


@pytest.mark.parametrize("other", list(OTHERS))
def test_what_would_be_false_beside_it_is_refused_in_words(other: str) -> None:
    section = "regularizers" if other in REGULARIZERS else "techniques"
    together = {"techniques": [CROWD], section: [{"name": other}, *([CROWD] if section == "techniques" else [])]}
    with pytest.raises(ConfigError, match=f"does not go with ({other}|minibatch_discrimination): "):
        make_config(*serve_needs(TECHNIQUES[other]) if section == "techniques" else (), **together)


@pytest.mark.parametrize("size", [1, 257])
def test_a_batch_without_company_or_of_too_many_pairs_is_refused_in_words(size: int) -> None:
    with pytest.raises(ConfigError, match=f"goes with a batch of 2 to 256 points, not with {size}: it compares"):
        make_config(f"batch_size={size}", techniques=[CROWD])


def test_without_hidden_layers_there_is_nothing_to_compare() -> None:
    with pytest.raises(
        ConfigError, match="goes with a discriminator of 1 hidden layer or more, not with 0: it compares"
    ):
        config_with("discriminator.hidden_layers=0")


def test_an_exported_run_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="cannot be exported, got minibatch_discrimination: it compares"):
        write_script(config_with(), 5, catalog())


@pytest.mark.parametrize("phase", ["classify", "loss", "backward", "update"])
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_every_phase_is_told(player: str, phase: str) -> None:
    trainer = Trainer(config_with())
    before = trainer.state
    for one in trainer.phases():
        if (one.player, one.name) == (player, phase):
            assert inspect_phase(trainer, one, before)["formula"]
        before = trainer.state
