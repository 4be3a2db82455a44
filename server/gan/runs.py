"""A run, or a stack of runs of one structure, at a moment: its networks, and what they make, score and pay.

Nobody learns here: a trainer moves the networks, and all that look on ask them.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N examples, D coordinates of a point,
Z latent dimensions, P weights and biases that a network computes with, Q those that are trained. Points are in lab
units here; `generate` gives published ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Self

import torch
from torch import Tensor

from server.errors import EngineError
from server.gan.codes import CODES, start_codes
from server.gan.config import RunConfig, restarts
from server.gan.craft import Craft, Seen
from server.gan.encoding import pair_up
from server.gan.field import Field
from server.gan.losses import LOSSES, LoneLoss
from server.gan.networks import Network, Trace
from server.gan.noise import place_noise, pull_means
from server.gan.optimizers import OPTIMIZERS, start_slots
from server.gan.phases import BESIDE, Learner, NetworkName
from server.gan.randomness import Draws, draws_for, take_points
from server.gan.regularization import Penalties, Regularization, Scorer
from server.gan.source import Source
from server.gan.stacks import STACK_UNIT, structure
from server.gan.state import Row, RunState
from server.gan.values import Value, read_numbers


class Runs:
    """One run (`configs` a RunConfig), or a stack of runs that differ in seed and live numbers only."""

    def __init__(
        self,
        configs: RunConfig | Sequence[RunConfig],
        device: str | torch.device = "cpu",
        state: RunState | None = None,
    ) -> None:
        """Build the runs at step 0, or at `state`.

        Raises:
            EngineError: the configs differ in more than the seed and the live numbers.
        """
        self.single = isinstance(configs, RunConfig)
        self.configs = (configs,) if isinstance(configs, RunConfig) else tuple(configs)
        if len({structure(config) for config in self.configs}) != 1:
            raise EngineError("runs of one stack: expected configs that differ in seed and live numbers only")
        self.runs = len(self.configs)
        self.width = 1 if self.single else -(-self.runs // STACK_UNIT) * STACK_UNIT
        """How many runs the tensors hold, the padding among them; 1 for a single run, which has no axis of them."""
        self.device = torch.device(device)
        self._views: dict[str, tuple[Tensor, list[Tensor]]] = {}
        self._apply_configs()
        self.state = self._adopt(state) if state else self._start_state()

    @property
    def config(self) -> RunConfig:
        """The first run's config."""
        return self.configs[0]

    @property
    def _padded(self) -> tuple[RunConfig, ...]:
        return self.configs + self.configs[-1:] * (self.width - self.runs)

    def stand_for(self, configs: Sequence[RunConfig], source: Source, state: RunState) -> Self:
        """Give other runs of this structure at their `state`, to be looked at and never trained; there is no padding.

        It costs little: laws, networks and loss are this run's, and so are the numbers that may differ, like rates.
        """
        others = copy(self)
        others.single, others.configs = False, tuple(configs)
        others.runs = others.width = len(others.configs)
        others.source, others.state, others._views = source, state, {}
        return others

    # Building ---------------------------------------------------------------------------------------------------

    def configure(self, config: RunConfig) -> None:
        """Apply a change that needs no restart to the single run; an optimizer's memory stays unless it is replaced."""
        assert self.single, "a stack's runs are configured one by one, before they are stacked"
        assert not restarts(self.config, config), "this change begins a new run"
        old, self.configs = self.config, (config,)
        self._apply_configs()
        tensors = dict(self.state.tensors)
        fresh = {}
        for player in ("d", "g"):
            before, after = getattr(old, f"{player}_optimizer").name, getattr(config, f"{player}_optimizer").name
            if before != after:
                tensors = {k: v for k, v in tensors.items() if not k.startswith(f"{player}_optimizer.")}
                tensors |= self._start_optimizer(player, tensors)
                fresh[f"{player}_optimizer_steps"] = 0
        self.state = self.state._replace(tensors=self._start_extras(tensors), **fresh)

    def _apply_configs(self) -> None:
        config = self.config
        self._views.clear()
        self.source = self._make_source()
        self.loss = LOSSES[config.loss.name]
        self.generator = Network.build(config.generator, self.source.dimension, self.source.data_dimension)
        self.discriminator = Network.build(config.discriminator, self.source.data_dimension, 1)
        size, point = self.source.dimension, self.source.data_dimension
        self.encoder = Network.build(config.encoder, point, size) if config.encoder else None
        """The third network, from points to noise, of a run that has one."""
        self.optimizers = {"d": OPTIMIZERS[config.d_optimizer.name], "g": OPTIMIZERS[config.g_optimizer.name]}
        self.numbers = {player: self._read_numbers(player) for player in ("d", "g")}
        """The present numbers of each player's optimizer, by key."""
        regularizers = [config.regularizers for config in self._padded]
        self.regularization = Regularization(regularizers, self.single, self.device)
        techniques = [config.techniques for config in self._padded]
        networks: dict[Learner, Network] = {"generator": self.generator, "discriminator": self.discriminator}
        self.craft = Craft(techniques, networks, self.source.data_dimension, self.single, self.device)
        self.field = Field(self.loss, self.generator, self.discriminator, self.craft, self.regularization)

    def _make_source(self) -> Source:
        return Source(self.config, self._seeds, self.device)

    def _read_numbers(self, player: str) -> dict[str, Value]:
        units = [getattr(config, f"{player}_optimizer") for config in self._padded]
        return read_numbers(self.optimizers[player].parameters, units, self.single, self.device, torch.float64)

    def _start_state(self) -> RunState:
        networks: dict[Learner, Network] = {"generator": self.generator, "discriminator": self.discriminator}
        tensors: dict[str, Tensor] = {}
        for name, network in networks.items():
            drawn = network.draw_parameters(draws_for(self._seeds, 0, f"starting {name}")).to(self.device)
            tensors[name] = self.craft.begin_parameters(name, drawn)
        if self.encoder:
            draws = draws_for(self._seeds, 0, "starting encoder")
            tensors["encoder"] = self.encoder.draw_parameters(draws).to(self.device)
        if self.source.means is not None:
            means = self.source.means.to(self.device)
            tensors["means"] = means if self.single else means.repeat(self.width, 1)
        if self.loss.has_codes:
            size = int(self.config.data.values["size"])  # type: ignore[arg-type]  # checked by check_config
            codes = start_codes(size, self.source.dimension, draws_for(self._seeds, 0, "starting codes"))
            tensors[CODES] = codes.to(self.device)
        tensors |= self._start_optimizer("d", tensors) | self._start_optimizer("g", tensors)
        return RunState(self._start_extras(tensors))

    def _adopt(self, state: RunState) -> RunState:
        state = state.to(self.device)
        return state._replace(tensors=self._start_extras(state.tensors))

    def _start_extras(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give `tensors` with what regularizers and techniques remember, at its beginning where it is new."""
        tensors = self.regularization.start(tensors, self.discriminator.sizes[0])
        return self.craft.start(tensors, lambda purpose: draws_for(self._seeds, 0, purpose), self.source.points)

    def _start_optimizer(self, player: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        parameters = tensors["discriminator" if player == "d" else "generator"]
        slots = start_slots(self.optimizers[player], parameters)
        started = {f"{player}_optimizer.{name}": slot for name, slot in slots.items()}
        for beside in BESIDE if player == "g" else ():
            if beside in tensors:
                slots = start_slots(self.optimizers[player], tensors[beside])
                started |= {f"g_optimizer.{beside}.{name}": slot for name, slot in slots.items()}
        return started

    @property
    def _seeds(self) -> int | list[int]:
        return self.config.seed if self.single else [config.seed for config in self._padded]

    @torch.no_grad()
    def generate(self, z: Tensor) -> Tensor:
        """Compute G(z) in published units: (N, Z) or (R, N, Z) -> (N, D), or (R, N, D) for a stack."""
        if not self.single and z.dim() == 2:
            z = z.expand(self.width, *z.shape)
        points = self.source.from_lab(self.make_points(z.to(self.device)))
        return points if self.single else points[: self.runs]

    def sample_latent(self, count: int, draws: Draws) -> Tensor:
        """Draw latents (..., count, Z), around the present means where these are trained."""
        return self.place(self.source.sample_latent(count, draws))

    def place(self, drawn: Tensor) -> Tensor:
        """Give the latents (..., N, Z) of what the source has drawn of them, for the present means."""
        return drawn if self.source.means is None else place_noise(drawn, self.state.tensors["means"])

    def make_points(self, z: Tensor, weights: list[Tensor] | None = None, level: Tensor | None = None) -> Tensor:
        """Make points (..., N, D) in lab units of latents (..., N, Z), the one place where samples come of noise.

        They are of a level (..., N, 1) where the generator reads one, without it of 0.
        """
        return self.follow_points(z, weights, level)[-1]

    def follow_points(
        self, z: Tensor, weights: list[Tensor] | None = None, level: Tensor | None = None
    ) -> list[Tensor]:
        """Give where these points are on their way from the noise, each (..., N, D); they are the last."""
        answer = partial(self.generator, weights or self.weights("generator"))
        return self.loss.follow(answer, self.craft.lead(z, level), codes=self.codes, **self.config.loss.values)

    def stand_apart(self) -> None:
        """Have the same state in memory of its own."""
        self.state = self.state.copy()

    def weights(self, network: NetworkName) -> list[Tensor]:
        """Give the weights and biases that a network computes with, in the order of its `shapes`."""
        if isinstance(self.state.tensors, Row):  # another tensor each time, and a view of it would keep the whole stack
            return self.weights_at(self.state, network)
        vector = self.state.tensors[network]
        held = self._views.get(network)
        if held is None or held[0] is not vector:
            held = self._views[network] = (vector, self.weights_at(self.state, network))
        return held[1]

    def weights_at(self, state: RunState, network: NetworkName) -> list[Tensor]:
        """Give the weights and biases that a network computes with in a state of this run."""
        vector = state.tensors[network]
        if network == "encoder":
            assert self.encoder, "a run without an encoder has none of its weights"
            return self.encoder.split(vector)
        return self.split_used(network, vector, state)

    def weights_on(self, z: Tensor | None, state: RunState | None = None) -> list[Tensor]:
        """Give what the generator computes with where it trains, in either turn, on a batch of noise z (..., N, Z).

        Without noise, where none is read, it trains on no batch of it.
        """
        if not self.craft.batch:
            return self.weights_at(state, "generator") if state else self.weights("generator")
        state = state or self.state
        return self.split_used("generator", state.tensors["generator"], state, z)

    def split_used(
        self, network: Learner, parameters: Tensor, state: RunState, batch: Tensor | None = None
    ) -> list[Tensor]:
        """Give the weights and biases that a network of these trained parameters (..., Q) computes with in a state.

        `batch` is the noise that the generator trains on, as `Craft.shape` has it.
        """
        used = self.craft.shape(network, parameters, state.tensors, batch)
        parts: list[Tensor] = getattr(self, network).split(used)
        return parts

    @property
    def known(self) -> Tensor | None:
        """The real points (..., n, D) that the runs learn from now, where they are finitely many."""
        renewal = self.craft.renewal
        return renewal.find(self.state.tensors) if renewal else self.source.points

    @property
    def codes(self) -> Tensor | None:
        """The codes (..., n, Z) of the real points, where each has one of its own."""
        if not self.loss.has_codes:
            return None
        row = self.state.tensors[CODES]
        return row.reshape(*row.shape[:-1], -1, self.source.dimension)

    def recall(self, chosen: Tensor) -> dict[str, Tensor]:
        """Give the real points of these numbers (..., N), `x_real` (..., N, D), and their `codes` (..., N, Z)."""
        assert self.known is not None, "only one of finitely many points has a code"
        assert self.codes is not None, "the loss has codes"
        return {"x_real": take_points(self.known, chosen), "codes": take_points(self.codes, chosen)}

    def rebuild(self) -> Tensor:
        """Give what the generator makes of the codes of all real points: (..., n, D) in lab units."""
        assert self.codes is not None, "the loss has codes"
        return self.generator(self.weights("generator"), self.codes)

    def score(self, points: Tensor, z: Tensor | None = None) -> Tensor:
        """Give the logits (..., N) of points (..., N, D) in lab units: each other's company, where they have one.

        Where the discriminator judges pairs, `z` (..., N, Z) is the noise beside the points, as `pair` has it.
        """
        return self.craft.judge(self.weights("discriminator"), self.pair(points, z)).outputs.squeeze(-1)

    def encode(self, points: Tensor) -> Trace:
        """Let the encoder answer points (..., N, D) in lab units with noise (..., N, Z)."""
        assert self.encoder, "a run without an encoder has no way back to the noise"
        return self.encoder.trace(self.weights("encoder"), points)

    def pair(self, points: Tensor, z: Tensor | None = None) -> Tensor:
        """Give what the discriminator judges of points (..., N, D): these alone, or each beside its noise.

        That is `z` (..., N, Z), which made the points, or else what the encoder answers them with.
        """
        if not self.encoder:
            return points
        return pair_up(points, self.encode(points).outputs if z is None else z)

    # What a turn is made of -------------------------------------------------------------------------------------

    def name_noise(self, drawn: Tensor) -> dict[str, Tensor]:
        """Give the latents `z` (..., N, Z) of what the source has drawn; where means are trained, also the `chosen`."""
        chosen = {} if self.source.means is None else {"chosen": drawn[..., -1]}
        return {"z": self.place(drawn), **chosen}

    def pull_noise(self, trace: Trace, slope: Tensor, chosen: Tensor | None) -> dict[str, Tensor]:
        """Carry the slope (..., N, D) at the generator's answers to the noise and its means, where it trains these."""
        if chosen is None:
            return {}
        z_slope = self.generator.input_gradient(self.weights("generator"), trace, slope)
        return {"z_slope": z_slope, "means_gradient": pull_means(chosen, z_slope, self.state.tensors["means"])}

    def ask(self, known: Mapping[str, Tensor], weights: list[Tensor]) -> Tensor:
        """Give what the generator's network of these weights reads of a batch (..., I): with most losses the noise."""
        return self.loss.read(known, partial(self.generator, weights))

    def price_answers(self, aims: Tensor, answers: Tensor) -> Tensor:
        """Compute what the generator's answers (..., N, D) cost by a loss without a discriminator."""
        assert isinstance(self.loss, LoneLoss), "nobody judges the answers"
        answer = partial(self.generator, self.weights("generator"))
        return self.loss.price(aims, self.loss.connect(aims, answers, answer), **self.config.loss.values)

    def penalise(self, x_real: Tensor | Seen, x_fake: Tensor | Seen, draws: Callable[[str], Draws]) -> Penalties:
        """Compute what the discriminator pays besides its loss for these points (..., N, D), by draws for a purpose."""
        tensors = self.state.tensors
        shape = partial(self.craft.shape, "discriminator", tensors=tensors)
        seen = self.craft.read(x_real), self.craft.read(x_fake)
        penalties = self.regularization.price(self.discriminator, shape, seen, draws, tensors)
        if not self.craft.shared:
            return penalties
        critic = Scorer(self.discriminator, self.discriminator.split(shape(penalties.leaf)))
        return replace(penalties, parts={**penalties.parts, **self.craft.price(critic, x_real, draws)})

    def penalise_generator(
        self, known: Mapping[str, Tensor], weights: list[Tensor], see: Callable[..., Seen] | None = None
    ) -> Penalties:
        """Compute what the generator pays besides its loss for x_fake made of z, among the tensors `known`.

        `weights` are those of the discriminator that it learns from; `see`, of (points, sort=), gives what that one
        sees of points, where techniques change them.
        """

        def read(sort: str, points: Tensor) -> Tensor:
            seen = see(points, sort=sort) if see else Seen(points)
            return self.craft.read(seen)

        scorer = Scorer(self.discriminator, weights)
        return self.regularization.price_samples(known, scorer, read, self.state.tensors)

    def pull_to_parameters(self, network: Learner, gradient: Tensor, batch: Tensor | None = None) -> Tensor:
        """Carry a network's gradient (..., P) from the weights it computes with to what is trained (..., Q)."""
        return self.craft.pull(network, gradient, self.state.tensors, batch)

    def slope_discriminator(
        self, weights: list[Tensor], trace: Trace, upstream: Tensor, penalties: Penalties
    ) -> Tensor:
        """Give the discriminator's gradient (..., Q), from that of the scores (..., 2 N, 1) of real and fake points."""
        gradient = self.discriminator.parameter_gradient(weights, trace, upstream)
        gradient = penalties.add_gradient(self.pull_to_parameters("discriminator", gradient))
        return self.craft.turn(gradient, weights, trace)

    def push_to_weights(self, network: Learner, direction: Tensor) -> Tensor:
        """Carry a move (..., Q) of what a network trains to the weights (..., P) it computes with, to first order."""
        return self.craft.push(network, direction, self.state.tensors)

    def _draws_at(self, player: str, update: int, step: int) -> Callable[[str], Draws]:
        """Give the draws of an update for a purpose."""
        return lambda purpose: draws_for(self._seeds, step, f"{player} {purpose} {update}")

    def see(self, points: Tensor, player: str, sort: str, update: int, step: int) -> Seen:
        """Give what the discriminator sees of an update's real or generated points; autograd sees through it."""
        draws, whose = self._draws_at(player, update, step), "fake" if self.craft.shared else sort  # one level for both
        return self.craft.see(points, sort, lambda purpose: draws(f"{whose} {purpose}"), step, self.state.tensors)
