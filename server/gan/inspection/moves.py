"""Where a sample goes: the generator's next update, tried on a copy of the run.

Shape letters: M generated samples, D coordinates of a point, Z latent dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

import torch
from torch import Tensor

from server.gan.datasets import LAB_HALF_EXTENT
from server.gan.export.snippets import rename
from server.gan.inspection import snippets
from server.gan.inspection.moments import Moment
from server.gan.noise import place_noise
from server.gan.phases import Diverged, Phase, Player
from server.gan.state import RunState
from server.gan.trainer import Trainer

FROZEN = "the generator is frozen: it makes no updates, so the sample stays where it is"
ENDLESS = "the generator's next update has no finite result, so there is no move to show"


class Underway(NamedTuple):
    """A step that a run stands in: the state that it began with, who plays in it, and how many updates are made."""

    start: RunState
    player: Player
    updates: int


class Move(NamedTuple):
    """Where the generator's next update takes a point (D), and where the slope at the start says; published units.

    The latter is none where a sample comes of many answers of the generator, one after another, and where it moves for
    another reason too: the running statistics that it is made with, or its noise, move with every update.
    `before`: how many updates the discriminator makes first, and `ahead` whether the players look ahead first.
    """

    to: list[float]
    first_order: list[float] | None
    before: int
    ahead: bool


def try_move(moment: Moment, within: Underway | None = None) -> Move | str:
    """Walk a copy of the run to the generator's next update; where that does not move the sample, say why.

    Without `within` the run stands between two steps: the discriminator's updates of the next one come first.
    """
    trainer, row = moment.trainer, moment.row
    start, player, made = within or Underway(trainer.state, "both", 0)
    copy = Trainer(trainer.config, trainer.device, start)
    before, ahead = 0, False
    try:
        for phase in islice(_list_updates(copy, player), made, None):
            if copy.looks_ahead:
                ahead = True
            elif phase.player == "generator":
                break
            else:
                before += 1
        else:
            return FROZEN
    except Diverged:
        return ENDLESS
    to: list[float] = copy.generate(_carry_noise(moment, copy))[row].tolist()
    change = phase.tensors["change"]
    if copy.moved_from:  # the way back from where the run may look ahead now
        change = change + (copy.moved_from.tensors["generator"] - trainer.state.tensors["generator"])
    return Move(to, _foretell(moment, trainer.push_to_weights("generator", change)), before, ahead)


def _carry_noise(moment: Moment, copy: Trainer) -> Tensor:
    """Give the moment's noise (M, Z) where it is in a copy of the run: it goes with its means, where these move."""
    z, trainer = moment.known["z"], moment.trainer
    if trainer.source.means is None:
        return z
    drawn = torch.cat((torch.zeros_like(z), moment.known["chosen"].unsqueeze(-1)), -1)
    return z + (copy.place(drawn) - place_noise(drawn, moment.state.tensors["means"]))


def _foretell(moment: Moment, change: Tensor) -> list[float] | None:
    """Foretell where a change (P) of what the generator computes with takes the point (D), by the slope."""
    trainer, network, weights = moment.trainer, moment.trainer.generator, moment.trainer.weights("generator")
    if not trainer.loss.makes_points or trainer.craft.batch or trainer.source.means is not None:
        return None
    trace = network.trace(weights, moment.noise)
    tangent = network.tangent(weights, trace, network.split(change))[moment.row]
    point = moment.show("x_fake")[moment.row] + tangent * (trainer.source.box.half_extent / LAB_HALF_EXTENT)
    foretold: list[float] = point.tolist()
    return foretold


def write_move(moment: Moment, move: Move) -> str:
    """Give the lines of PyTorch of the generator's next update, on a batch of its own, and where the sample is then."""
    trainer = moment.trainer
    count = trainer.config.batch_size
    batch = rename("\n".join(_write_batch(trainer, count)), {"z": "z_batch", "x_fake": "x_batch"})
    turns = "1 update" if move.before == 1 else f"{move.before} updates"
    first = ["# before it, both players look ahead; the slope is taken there"] if move.ahead else []
    first += [f"# before it, the discriminator makes {turns}"] if move.before else []
    back = ["# the optimizer moves the generator from where it was before it looked ahead"]
    back = back if trainer.config.rounds > 1 else []
    read = "torch.cat([z, torch.zeros(len(z), 1)], 1)" if trainer.craft.shared else "z"
    sample = snippets.write_published(trainer, f"generator({read})[{moment.row}]")
    moved = sample if trainer.loss.makes_points else snippets.write_sampling(trainer, moment.row)
    steps = ["g_optimizer.step()", *snippets.write_code_moves(trainer)]
    return "\n".join([*first, batch, snippets.write_backward(trainer, "generator"), *back, *steps, moved])


def _write_batch(trainer: Trainer, count: int) -> list[str]:
    """Give the lines from a batch's draws to the generator's loss."""
    latent, pairs = snippets.write_latent(trainer, count), snippets.write_pairs(trainer, count, drawn=True)
    loss = snippets.write_loss(trainer, "generator")
    if not trainer.loss.makes_points:
        drawn = [latent] if trainer.loss.reads_noise else []
        codes = [snippets.write_codes(trainer)] if trainer.loss.has_codes else []
        asked = filter(None, (snippets.write_times(trainer), snippets.write_answers(trainer)))
        return [*drawn, *pairs, *codes, *asked, loss]
    judged = trainer.loss.is_game and not trainer.craft.foresight
    scores = [snippets.write_classify(trainer, "fake", drawn=True)] if judged else []
    return [latent, snippets.write_generate(trainer, "generator", drawn=True), *scores, *pairs, loss]


def _list_updates(copy: Trainer, player: Player) -> Iterator[Phase]:
    """Walk a step, and the next one whole; gives the phases that moved a network's weights."""
    return (phase for phase in chain(copy.phases(player), copy.phases()) if phase.name == "update")
