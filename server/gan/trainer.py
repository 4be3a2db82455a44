"""Trainer: walks a run, or a stack of runs of one structure, through its steps.

A step is `d_updates` updates of the discriminator, then `g_updates` of the generator.
An update walks through the phases sample, generate, classify, loss, backward, update.
With a loss that needs no discriminator nothing is classified, and only the generator makes updates.
`phases()` yields after each one with the actual tensors; `step()` walks them all.

Shape letters: R runs (the leading axis of a stack, absent for a single run), N examples, D coordinates of a point,
P parameters. Points are in lab units here.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from server.gan.autograd import pull_back
from server.gan.codes import CODES, move_codes
from server.gan.config import RunConfig
from server.gan.craft import Seen
from server.gan.encoding import Pairs, judge_pairs
from server.gan.failures import Failures
from server.gan.foresight import foresee
from server.gan.networks import Trace
from server.gan.phases import BESIDE, Diverged, Losses, MakePhase, Phase, Player, begin_update
from server.gan.randomness import Draws
from server.gan.renewal import renew_points
from server.gan.runs import Runs
from server.gan.state import RunState
from server.gan.values import Value
from server.gan.verdicts import Verdict, compare, pull_mean


class Trainer(Runs):
    """Trains one run (`configs` a RunConfig) or a stack of runs that differ in seed and live numbers only."""

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
        super().__init__(configs, device, state)
        self._failures = Failures(self.width, self.single, self.device)
        self._losses = Losses()
        self.scored_by = self.state
        """The state whose discriminator the present update of the generator learns from."""
        self.moved_from: RunState | None = None
        """The state whose networks the present update moves, where that is not the one whose slopes it takes."""
        self.looks_ahead = False
        """Whether the present update only shows where slopes are to be taken, and will be taken back."""

    @property
    def failures(self) -> list[Diverged | None]:
        """Why each run ended, or none for one that goes on."""
        return self._failures.known

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
        self.state = renew_points(self.craft.renewal, self.source, self._make_samples, self.state)
        if self._failures:
            self.state = self._failures.undo(self.state, start)
            self._losses = self._failures.keep_losses(self._losses, losses_before)

    def adopt_step(self, state: RunState, losses: Losses) -> Losses:
        """Take in a step of both players that was made elsewhere, from the present state; gives its losses."""
        self.state = self.scored_by = state
        self._losses = losses
        return losses

    def _update_discriminator(self, step: int, update: int) -> Iterator[Phase]:
        phase = begin_update("discriminator", update)
        self._renew_discriminator()
        batch = self.config.batch_size
        x_real = self.source.draw_batch("discriminator", "data", update, step, self.known)
        noise = self.name_noise(self.source.draw_batch("discriminator", "latent", update, step))
        z = noise["z"]
        level, told = self._draw_level("discriminator", update, step)
        yield phase("sample", x_real=x_real, **noise, **told)
        x_fake = self.make_points(z, self.weights_on(z), level)
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
        self._losses = Losses(self.of_runs(d_loss))
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
        sampled = self._draw_samples(update, step)
        level, told = self._draw_level("generator", update, step)
        yield phase("sample", **sampled, **told)
        z = sampled.get("z")
        weights = self.weights_on(z)
        trace = self.generator.trace(weights, self.craft.lead(self.ask(sampled, weights), level))
        answers = self.encode(sampled["x_real"]) if self.encoder else None
        yield phase(
            "generate", **{self.loss.answers: trace.outputs}, **({"z_real": answers.outputs} if answers else {})
        )
        verdict = yield from self._judge(phase, sampled, trace.outputs, answers, update, step)
        see = partial(self.see, player="generator", update=update, step=step)
        penalties = self.penalise_generator(sampled | {"x_fake": trace.outputs}, self._scoring_weights, see)
        held = self.regularization.price_history("generator", self.state.tensors)
        held = self.field.price("generator", held, self.state, sampled, see, self.scored_by)
        g_loss = held.add_loss(penalties.add_loss(verdict.per_example.detach().mean(-1)))
        self._losses = Losses(self._losses.discriminator, self.of_runs(g_loss))
        yield phase("loss", per_example=verdict.per_example, **penalties.named, **held.named, g_loss=g_loss)
        passed, slope = verdict.pull()
        slope = penalties.add_gradient(slope)
        if self.loss.has_codes:
            passed = {"code_slope": self.generator.input_gradient(weights, trace, slope)}
        gradient = self.generator.parameter_gradient(weights, trace, slope)
        gradient = held.add_gradient(self.pull_to_parameters("generator", gradient, z))
        passed = {**passed, **self.pull_noise(trace, slope, sampled.get("chosen"))}
        yield phase("backward", **passed, **{self.loss.slope: slope}, gradient=gradient)
        moved = self._move_beside({name: passed.get(f"{name}_gradient") for name in BESIDE})
        moved |= self.craft.remember_batch(self.state.tensors, z)
        if self.loss.has_codes:
            moved |= self._move_codes(self.source.pick_batch("generator", update, step), passed["code_slope"])
        change = self._move("g", "generator", g_loss, gradient, {**moved, **penalties.kept})
        yield phase("update", change=change)

    def _draw_samples(self, update: int, step: int) -> dict[str, Tensor]:
        """Give what an update of the generator learns from: noise, real points, or both; or these and their codes."""
        if self.loss.has_codes:
            return self.recall(self.source.pick_batch("generator", update, step))
        drawn = self.source.draw_batch("generator", "latent", update, step) if self.loss.reads_noise else None
        sampled = {} if drawn is None else self.name_noise(drawn)
        if self.loss.pairs or self.regularization.compares or self.encoder or self.craft.foresight:
            sampled["x_real"] = self.source.draw_batch("generator", "data", update, step, self.known)
        return sampled | self.loss.pose(sampled, self._draws_at("generator", update, step))

    def _judge(
        self,
        phase: MakePhase,
        sampled: Mapping[str, Tensor],
        made: Tensor,
        answers: Trace | None,
        update: int,
        step: int,
    ) -> Generator[Phase, None, Verdict]:
        """Find what the generator's answers `made` (..., N, D) cost it, or those of it and the encoder together."""
        if answers:
            pairs = Pairs(sampled["x_real"], answers.outputs, made, sampled["z"])
            logits, verdict = judge_pairs(self, self._scoring_weights, pairs, answers)
            yield phase("classify", **logits)
            return verdict
        if self.craft.foresight:
            return (yield from self._foresee(phase, made, sampled["x_real"], update, step))
        if self.loss.is_game:
            return (yield from self._judge_points(phase, made, sampled.get("x_real"), update, step))
        return compare(self.price_answers, self.loss.aim(sampled), made)

    def _foresee(
        self, phase: MakePhase, x_fake: Tensor, x_real: Tensor, update: int, step: int
    ) -> Generator[Phase, None, Verdict]:
        """Let the discriminator as it would be some steps later classify the points of an update."""
        x_fake = x_fake.detach().requires_grad_()
        seen, changed = self._see_sorts({"fake": x_fake, "real": x_real}, "generator", update, step)
        foreseen = foresee(self, seen["real"], seen["fake"], x_fake)
        self.scored_by = foreseen.state
        yield phase("classify", **changed, **foreseen.logits)
        return foreseen.verdict

    def _judge_points(
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

    @property
    def _scoring_weights(self) -> list[Tensor]:
        """What the discriminator computes with that the present update of the generator learns from."""
        elsewhere = self.craft.is_simultaneous or self.craft.foresight
        return self.weights_at(self.scored_by, "discriminator") if elsewhere else self.weights("discriminator")

    def _renew_discriminator(self) -> None:
        if self.craft.renews_weights:
            self._views.pop("discriminator", None)
            self.state = self.state._replace(tensors=self.craft.renew(self.state.tensors))

    def _draw_level(self, player: str, update: int, step: int) -> tuple[Tensor | None, dict[str, Tensor]]:
        """Draw the levels (..., B, 1) at which an update generates points, and name them (..., B) as a phase does."""
        draws = self._draws_at(player, update, step)
        level = self.craft.draw_level(
            self.config.batch_size, lambda purpose: draws(f"fake {purpose}"), self.state.tensors
        )
        if level is None:
            return None, {}
        level = level.to(self.device).expand(*self.state.tensors["generator"].shape[:-1], -1, -1)
        return level, {"level_fake": level.squeeze(-1)}

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
        count = self.count_steps(player) + 1
        values = dict(self.numbers[player])
        values["learning_rate"] = values["learning_rate"] * self.craft.find_factor(state.step)
        change, slots = optimizer.function(gradient, slots, count, **values)
        return change, {prefix + name: slot for name, slot in slots.items()}

    def count_steps(self, player: str) -> Value:
        """Count the steps that a player's optimizer has made."""
        return self.state.d_optimizer_steps if player == "d" else self.state.g_optimizer_steps

    def _move_beside(self, gradients: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        """Let the generator's optimizer move what is trained beside its network: the tensors after that."""
        moved: dict[str, Tensor] = {}
        for name, gradient in gradients.items():
            if gradient is not None:
                change, slots = self._find_change("g", gradient, f"g_optimizer.{name}.")
                moved |= {name: self.state.tensors[name] + change, **slots}
        return moved

    def _make_samples(self, count: int, draws: Draws) -> Tensor:
        """Make points (..., count, D) in lab units of fresh noise."""
        return self.make_points(self.sample_latent(count, draws))

    def _move_codes(self, chosen: Tensor, slopes: Tensor) -> dict[str, Tensor]:
        """Let the codes of a batch's points go by the `slopes` (..., N, Z) of its mean: all codes after that."""
        assert self.codes is not None, "the loss has codes"
        rate = float(self.config.loss.values["rate"])  # type: ignore[arg-type]  # checked by check_config
        return {CODES: move_codes(self.codes, chosen, slopes, rate * slopes.shape[-2]).flatten(-2)}

    def of_runs(self, values: Tensor) -> Tensor:
        """Give the numbers (R,) of a stack's runs without those of its padding; a single run's () as they are."""
        return values if self.single else values[: self.runs]
