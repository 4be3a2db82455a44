"""Trainer: walks a run, or a stack of runs of one structure, through its steps.

A step is `d_updates` updates of the discriminator, then `g_updates` of the generator.
An update walks through the phases sample, generate, classify, loss, backward, update.
With a loss that needs no discriminator nothing is classified, and only the generator makes updates.
`phases()` yields after each one with the actual tensors; `step()` walks them all.

Shape letters: R runs (the leading axis of a stack, absent for a single run), B batch size, D coordinates of a point,
Z latent dimensions, P parameters. Points are in lab units here; `generate` gives published ones.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from server.errors import EngineError
from server.gan.autograd import pull_back
from server.gan.config import RunConfig, restarts
from server.gan.craft import Craft, Seen
from server.gan.encoding import ENCODER_SLOTS, Pairs, judge_pairs, pair_up
from server.gan.failures import Failures
from server.gan.field import Field
from server.gan.losses import LOSSES, LoneLoss
from server.gan.networks import Network, Trace
from server.gan.optimizers import OPTIMIZERS, start_slots
from server.gan.phases import Diverged, Learner, Losses, MakePhase, NetworkName, Phase, Player, begin_update
from server.gan.randomness import Draws, draws_for
from server.gan.regularization import Penalties, Regularization, Scorer
from server.gan.renewal import renew_points
from server.gan.source import Source
from server.gan.stacks import STACK_UNIT, structure
from server.gan.state import RunState
from server.gan.values import Value, read_numbers
from server.gan.verdicts import Verdict, compare, pull_mean


class Trainer:
    """One run (`configs` a RunConfig) or a stack of runs that differ in seed and live numbers only."""

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
        self.device = torch.device(device)
        self._failures = Failures(self._width, self.single, self.device)
        self._views: dict[str, tuple[Tensor, list[Tensor]]] = {}
        self._apply_configs()
        self.state = self._adopt(state) if state else self._start_state()
        self._losses = Losses()
        self.scored_by = self.state
        """The state whose discriminator the present update of the generator learns from."""
        self.moved_from: RunState | None = None
        """The state whose networks the present update moves, where that is not the one whose slopes it takes."""
        self.looks_ahead = False
        """Whether the present update only shows where slopes are to be taken, and will be taken back."""

    @property
    def config(self) -> RunConfig:
        """The first run's config."""
        return self.configs[0]

    @property
    def failures(self) -> list[Diverged | None]:
        """Why each run ended, or none for one that goes on."""
        return self._failures.known

    @property
    def _width(self) -> int:
        return 1 if self.single else -(-self.runs // STACK_UNIT) * STACK_UNIT

    @property
    def _padded(self) -> tuple[RunConfig, ...]:
        return self.configs + self.configs[-1:] * (self._width - self.runs)

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
        self.source = Source(config, self._seeds, self.device)
        self.loss = LOSSES[config.loss.name]
        self.generator = Network.build(config.generator, self.source.dimension, self.source.data_dimension)
        self.discriminator = Network.build(config.discriminator, self.source.data_dimension, 1)
        size, point = self.source.dimension, self.source.data_dimension
        self.encoder = Network.build(config.encoder, point, size) if config.encoder else None
        """The third network, from points to noise, of a run that has one."""
        self.optimizers = {"d": OPTIMIZERS[config.d_optimizer.name], "g": OPTIMIZERS[config.g_optimizer.name]}
        self._values = {player: self._optimizer_values(player) for player in ("d", "g")}
        regularizers = [config.regularizers for config in self._padded]
        self.regularization = Regularization(regularizers, self.single, self.device)
        techniques = [config.techniques for config in self._padded]
        networks: dict[Learner, Network] = {"generator": self.generator, "discriminator": self.discriminator}
        self.craft = Craft(techniques, networks, self.source.data_dimension, self.single, self.device)
        self.field = Field(self.loss, self.generator, self.discriminator, self.craft, self.regularization)

    def _optimizer_values(self, player: str) -> dict[str, Value]:
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
        if player == "g" and self.encoder:
            slots = start_slots(self.optimizers[player], tensors["encoder"])
            started |= {f"{ENCODER_SLOTS}{name}": slot for name, slot in slots.items()}
        return started

    @property
    def _seeds(self) -> int | list[int]:
        return self.config.seed if self.single else [config.seed for config in self._padded]

    @torch.no_grad()
    def generate(self, z: Tensor) -> Tensor:
        """Compute G(z) in published units: (N, Z) or (R, N, Z) -> (N, D), or (R, N, D) for a stack."""
        if not self.single and z.dim() == 2:
            z = z.expand(self._width, *z.shape)
        points = self.source.from_lab(self.make_points(z.to(self.device)))
        return points if self.single else points[: self.runs]

    def make_points(self, z: Tensor, weights: list[Tensor] | None = None) -> Tensor:
        """Make points (..., N, D) in lab units of latents (..., N, Z), the one place where samples come of noise."""
        return self.follow_points(z, weights)[-1]

    def follow_points(self, z: Tensor, weights: list[Tensor] | None = None) -> list[Tensor]:
        """Give where these points are on their way from the noise, each (..., N, D); they are the last."""
        answer = partial(self.generator, weights or self.weights("generator"))
        return self.loss.follow(answer, z, **self.config.loss.values)

    def weights(self, network: NetworkName) -> list[Tensor]:
        """Give the weights and biases that a network computes with, in the order of its `shapes`."""
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

    def split_used(self, network: Learner, parameters: Tensor, state: RunState) -> list[Tensor]:
        """Give the weights and biases that a network of these trained parameters (..., Q) computes with in a state."""
        parts: list[Tensor] = getattr(self, network).split(self.craft.shape(network, parameters, state.tensors))
        return parts

    @property
    def known(self) -> Tensor | None:
        """The real points (..., n, D) that the runs learn from now, where they are finitely many."""
        points = self.craft.find_points(self.state.tensors)
        return self.source.points if points is None else points

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

    # Training ---------------------------------------------------------------------------------------------------

    def step(self, player: Player = "both") -> Losses:
        """Train one step: every update of the players that play, or one update of a single player.

        Raises:
            Diverged: a single run met a number that is not finite; a stack notes it in `failures` and goes on.
        """
        for _ in self.phases(player):
            pass
        return self._losses

    def phases(self, player: Player = "both") -> Iterator[Phase]:
        """Train one step, phase by phase; the step counts when the last phase is over.

        Raises:
            Diverged: as `step`.
        """
        start, losses_before = self.state, self._losses
        self._losses = Losses()
        rounds = self.config.rounds
        updates = {name: count // rounds for name, count in self.config.count_updates(player).items()}
        try:
            for turn in range(rounds):
                begun, self.moved_from, self.looks_ahead = self.state, start if turn else None, turn < rounds - 1
                for update in range(updates["discriminator"]):
                    yield from self._update_discriminator(start.step, turn + update)
                for update in range(updates["generator"]):
                    yield from self._update_generator(begun, turn + update)
        except Diverged:
            self.state = start
            raise
        tensors = self.craft.end_step(self.state.tensors, start.step + 1)
        self.state = self.state._replace(tensors=tensors, step=start.step + 1)
        self.state = renew_points(self.craft, self.source, self.make_points, self.state)
        if self._failures:
            self.state = self._failures.undo(self.state, start)
            self._losses = self._failures.keep_losses(self._losses, losses_before)

    def _update_discriminator(self, step: int, update: int) -> Iterator[Phase]:
        phase = begin_update("discriminator", update)
        self._renew_discriminator()
        batch = self.config.batch_size
        x_real = self.source.draw_batch("discriminator", "data", update, step, self.known)
        z = self.source.draw_batch("discriminator", "latent", update, step)
        yield phase("sample", x_real=x_real, z=z)
        x_fake = self.make_points(z)
        made = {"z_real": self.encode(x_real).outputs} if self.encoder else {}
        yield phase("generate", x_fake=x_fake, **made)
        sorts = {"real": self.pair(x_real, made.get("z_real")), "fake": self.pair(x_fake, z)}
        seen, changed = self._see_sorts(sorts, "discriminator", update, step)
        weights = self.weights("discriminator")
        trace = self.craft.judge(weights, seen["real"], seen["fake"])
        logits = trace.outputs.squeeze(-1).requires_grad_()
        real_logits, fake_logits = torch.split_with_sizes(logits, (batch, batch), -1)
        yield phase("classify", **changed, real_logits=real_logits, fake_logits=fake_logits)
        per_example = self.loss(real_logits, fake_logits).discriminator
        penalties = self.penalise(seen["real"], seen["fake"], self._draws_at("discriminator", update, step))
        see = partial(self.see, player="discriminator", update=update, step=step)
        penalties = self.field.price("discriminator", penalties, self.state, {"z": z, "x_real": x_real}, see)
        d_loss = penalties.add_loss(per_example.detach().mean(-1))
        self._losses = Losses(self._of_runs(d_loss))
        yield phase("loss", per_example=per_example, **penalties.named, d_loss=d_loss)
        upstream = pull_mean(per_example, logits).unsqueeze(-1)
        gradient = self.slope_discriminator(weights, trace, upstream, penalties)
        real_slope, fake_slope = torch.split_with_sizes(upstream.squeeze(-1), (batch, batch), -1)
        yield phase("backward", real_logit_gradient=real_slope, fake_logit_gradient=fake_slope, gradient=gradient)
        scores = {"real_logits": real_logits, "fake_logits": fake_logits}
        kept = {**self.regularization.remember(scores, self.state.tensors), **penalties.kept}
        kept |= self.craft.adjust(real_logits, self.state.tensors)
        change = self._move("d", "discriminator", d_loss, gradient, kept)
        yield phase("update", change=change)

    def _update_generator(self, start: RunState, update: int) -> Iterator[Phase]:
        phase, step = begin_update("generator", update), start.step
        if not self.craft.is_simultaneous:
            self._renew_discriminator()
        self.scored_by = start if self.craft.is_simultaneous else self.state
        z = self.source.draw_batch("generator", "latent", update, step)
        sampled = {"z": z}
        if self.loss.pairs or self.regularization.compares or self.encoder:
            sampled["x_real"] = self.source.draw_batch("generator", "data", update, step, self.known)
        sampled |= self.loss.pose(sampled, self._draws_at("generator", update, step))
        yield phase("sample", **sampled)
        weights = self.weights("generator")
        trace = self.generator.trace(weights, self.loss.read(sampled))
        answers = self.encode(sampled["x_real"]) if self.encoder else None
        yield phase(
            "generate", **{self.loss.answers: trace.outputs}, **({"z_real": answers.outputs} if answers else {})
        )
        if answers:
            pairs = Pairs(sampled["x_real"], answers.outputs, trace.outputs, z)
            logits, verdict = judge_pairs(self, self._scoring_weights, pairs, answers)
            yield phase("classify", **logits)
        elif self.loss.is_game:
            verdict = yield from self._judge(phase, trace.outputs, sampled.get("x_real"), update, step)
        else:
            verdict = compare(self.price_answers, self.loss.aim(sampled), trace.outputs)
        see = partial(self.see, player="generator", update=update, step=step)
        penalties = self.penalise_generator(sampled | {"x_fake": trace.outputs}, self._scoring_weights, see)
        held = self.regularization.price_history("generator", self.state.tensors)
        held = self.field.price("generator", held, self.state, sampled, see, self.scored_by)
        g_loss = held.add_loss(penalties.add_loss(verdict.per_example.detach().mean(-1)))
        self._losses = Losses(self._losses.discriminator, self._of_runs(g_loss))
        yield phase("loss", per_example=verdict.per_example, **penalties.named, **held.named, g_loss=g_loss)
        passed, slope = verdict.pull()
        slope = penalties.add_gradient(slope)
        gradient = self.generator.parameter_gradient(weights, trace, slope)
        gradient = held.add_gradient(self.pull_to_parameters("generator", gradient))
        yield phase("backward", **passed, **{self.loss.slope: slope}, gradient=gradient)
        moved = self._move_encoder(passed["encoder_gradient"]) if answers else {}
        change = self._move("g", "generator", g_loss, gradient, {**moved, **penalties.kept})
        yield phase("update", change=change)

    def _judge(
        self, phase: MakePhase, x_fake: Tensor, x_real: Tensor | None, update: int, step: int
    ) -> Generator[Phase, None, Verdict]:
        """Let the discriminator classify the generated points of an update, and real ones where the loss pairs them."""
        scoring = self._scoring_weights
        if self.craft.changes_inputs:
            x_fake = x_fake.detach().requires_grad_()
        sorts = {"fake": x_fake} | ({} if x_real is None else {"real": x_real})
        seen, changed = self._see_sorts(sorts, "generator", update, step)
        scores = self.craft.judge(scoring, seen["fake"]._replace(points=seen["fake"].points.detach()))
        fake_logits = scores.outputs.squeeze(-1).requires_grad_()
        real_logits = fake_logits  # read by a paired loss only
        if self.loss.pairs:
            real_logits = self.craft.judge(scoring, seen["real"]).outputs.squeeze(-1)
        paired = {"real_logits": real_logits} if self.loss.pairs else {}
        yield phase("classify", **changed, fake_logits=fake_logits, **paired)
        per_example = self.loss(real_logits, fake_logits).generator

        def pull() -> tuple[Mapping[str, Tensor], Tensor]:
            upstream = pull_mean(per_example, fake_logits).unsqueeze(-1)
            slope = self.craft.pull_to_points(scoring, scores, upstream)
            if self.craft.changes_inputs:
                slope = pull_back(seen["fake"].points, x_fake, slope)
            return {"fake_logit_gradient": upstream.squeeze(-1)}, slope

        return Verdict(per_example, pull)

    def price_answers(self, aims: Tensor, answers: Tensor) -> Tensor:
        """Compute what the generator's answers (..., N, D) cost by a loss without a discriminator."""
        assert isinstance(self.loss, LoneLoss), "nobody judges the answers"
        return self.loss.price(aims, answers, **self.config.loss.values)

    def penalise(self, x_real: Tensor | Seen, x_fake: Tensor | Seen, draws: Callable[[str], Draws]) -> Penalties:
        """Compute what the discriminator pays besides its loss for these points (..., N, D), by draws for a purpose."""
        tensors = self.state.tensors
        shape = partial(self.craft.shape, "discriminator", tensors=tensors)
        seen = self.craft.read(x_real), self.craft.read(x_fake)
        return self.regularization.price(self.discriminator, shape, seen, draws, tensors)

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

    def pull_to_parameters(self, network: Learner, gradient: Tensor) -> Tensor:
        """Carry a network's gradient (..., P) from the weights it computes with to what is trained (..., Q)."""
        return self.craft.pull(network, gradient, self.state.tensors)

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

    @property
    def _scoring_weights(self) -> list[Tensor]:
        """What the discriminator computes with that the present update of the generator learns from."""
        simultaneous = self.craft.is_simultaneous
        return self.weights_at(self.scored_by, "discriminator") if simultaneous else self.weights("discriminator")

    def _renew_discriminator(self) -> None:
        if self.craft.renews_weights:
            self._views.pop("discriminator", None)
            self.state = self.state._replace(tensors=self.craft.renew(self.state.tensors))

    def _draws_at(self, player: str, update: int, step: int) -> Callable[[str], Draws]:
        """Give the draws of an update for a purpose."""
        return lambda purpose: draws_for(self._seeds, step, f"{player} {purpose} {update}")

    def see(self, points: Tensor, player: str, sort: str, update: int, step: int) -> Seen:
        """Give what the discriminator sees of an update's real or generated points; autograd sees through it."""
        draws = self._draws_at(player, update, step)
        return self.craft.see(points, lambda purpose: draws(f"{sort} {purpose}"), step, self.state.tensors)

    def _see_sorts(
        self, sorts: Mapping[str, Tensor], player: str, update: int, step: int
    ) -> tuple[dict[str, Seen], dict[str, Tensor]]:
        """Give what the discriminator sees of each sort, and the tensors that a phase names where it is changed."""
        if not self.craft.changes_inputs:
            return {sort: Seen(points) for sort, points in sorts.items()}, {}
        seen = {sort: self.see(points, player, sort, update, step) for sort, points in sorts.items()}
        return seen, {name: tensor for sort, one in seen.items() for name, tensor in one.name(sort).items()}

    def _move(
        self, player: str, network: str, loss: Tensor, gradient: Tensor, kept: Mapping[str, Tensor] = {}
    ) -> Tensor:
        """Let the player's optimizer move its network, and keep the tensors `kept`; returns the change (..., P)."""
        state = self.state
        before = (self.moved_from or state).tensors[network]
        change, slots = self._find_change(player, gradient, f"{player}_optimizer.")
        after = before + change
        if player == "d":
            after = self.regularization.project(after)
        kept = {**kept, **self.regularization.remember_history(network, after, state.tensors)}
        moved: Mapping[str, Tensor] = {network: after, **kept, **slots}
        moved = self._failures.keep_finite(state, network, loss, gradient, moved)
        counted = {name: getattr(state, name) + 1 for name in (f"{player}_updates", f"{player}_optimizer_steps")}
        self.state = state._replace(tensors={**state.tensors, **moved}, **counted)
        return change

    def _find_change(self, player: str, gradient: Tensor, prefix: str) -> tuple[Tensor, dict[str, Tensor]]:
        """Ask a player's optimizer for its next change (..., P), and what it remembers under `prefix` after that."""
        optimizer, state = self.optimizers[player], self.state
        slots = {name: state.tensors[prefix + name] for name in optimizer.slots}
        count = (state.d_optimizer_steps if player == "d" else state.g_optimizer_steps) + 1
        values = dict(self._values[player])
        values["learning_rate"] = values["learning_rate"] * self.craft.find_factor(state.step)
        change, slots = optimizer.function(gradient, slots, count, **values)
        return change, {prefix + name: slot for name, slot in slots.items()}

    def _move_encoder(self, gradient: Tensor) -> dict[str, Tensor]:
        """Let the generator's optimizer move the encoder too: the tensors after that."""
        change, slots = self._find_change("g", gradient, ENCODER_SLOTS)
        return {"encoder": self.state.tensors["encoder"] + change, **slots}

    def _of_runs(self, values: Tensor) -> Tensor:
        return values if self.single else values[: self.runs]
