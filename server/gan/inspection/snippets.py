"""The lines of PyTorch that do what a phase does, as a student would write them.

What a unit does is the unit's own `code`; here are the lines between. The names are those of the lab's vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.gan.activations import ACTIVATIONS
from server.gan.config import NetworkConfig
from server.gan.crowds import Crowd
from server.gan.datasets import of_law
from server.gan.export.snippets import (
    find_names,
    pick_functions,
    pick_setup,
    pick_statements,
    pick_value,
    rename,
    replace_calls,
    turn_scores,
    write_ahead,
)
from server.gan.networks import Network
from server.gan.phases import Learner, NetworkName
from server.gan.regularizers import REGULARIZERS, Regularizer
from server.gan.techniques import TECHNIQUES
from server.gan.techniques.base import (
    BatchTechnique,
    CrowdTechnique,
    LayerTechnique,
    SharedLevelTechnique,
    SlopeTechnique,
)
from server.gan.trainer import Trainer

DRAWS = {"normal": "torch.randn", "uniform": "torch.rand"}
"""What the lab's draws are called in PyTorch."""
PAIR_UP = {
    "real": "real_seen = torch.cat([x_real, encoder(x_real)], 1)",
    "fake": "fake_seen = torch.cat([x_fake, z], 1)",
}
"""How a sample gets its noise beside it, where the discriminator judges pairs."""
CLASSIFY = "{sort}_logits = discriminator({points}).squeeze(-1)"
SEEN = {"x_real": "real_seen", "x_fake": "fake_seen"}
"""What the discriminator reads in place of points, where it reads more than these."""


def write_latent(trainer: Trainer, count: int) -> str:
    """Give the lines that draw z; where it is picked from few points, these are drawn once."""
    latent, numbers = trainer.source.latent, {**trainer.config.latent.values, "count": count}
    points = f"{_write_draws(latent.points_code, numbers)}  # once, at the start\n" if latent.points_code else ""
    return points + _write_draws(latent.code, numbers)


def write_data(trainer: Trainer, count: int) -> str:
    """Give the lines that draw x_real, and bring it to the units that training happens in.

    Where a run learns from finitely many points these are drawn, once, and a batch is picked from them.
    """
    known = trainer.source.points
    drawn = count if known is None else known.shape[-2]
    lines = _write_draws(trainer.source.data.code, {**of_law(trainer.config.data.values), "count": drawn})
    box = trainer.source.box
    if not box.is_lab:
        centre = f"torch.tensor({list(box.centre)!r})"
        lines += f"\nx_real = 3 * (x_real - {centre}) / {box.half_extent!r}  # the view becomes [-3, 3]"
    if known is not None:
        when = "at the start; generated points replace it" if trainer.craft.renewal else "once, at the start"
        picked = f"torch.randint(len(known), ({count},))"
        lines += f"\nknown = x_real  # {when}\n"
        lines += f"picked = {picked}\nx_real = known[picked]" if trainer.loss.has_codes else f"x_real = known[{picked}]"
    return lines


def write_published(trainer: Trainer, points: str) -> str:
    """Give the expression that brings points of training to published units."""
    box = trainer.source.box
    return points if box.is_lab else f"{points} * {box.half_extent!r} / 3 + torch.tensor({list(box.centre)!r})"


def write_generate(trainer: Trainer, player: Learner, drawn: bool = False) -> str:
    """Give the lines that compute x_fake; the discriminator's update leaves the generator alone.

    Where the generator reads a level it is `drawn`, or else 0.
    """
    before, read = "", "z"
    if trainer.craft.shared:
        before, read = f"{_write_level(trainer, drawn)}\n", "torch.cat([z, level], 1)"
    making = f"x_fake = generator({read})"
    return before + (f"with torch.no_grad():\n    {making}" if player == "discriminator" else making)


def _write_level(trainer: Trainer, drawn: bool) -> str:
    """Give the line that draws the level at which points are generated; or it is that of the data."""
    if not drawn:
        return "level = torch.zeros(len(z), 1)  # as the data are"
    assert trainer.craft.shared, "a technique draws levels"
    unit, _ = trainer.craft.shared
    return rename(pick_statements(unit.code, "level"), _find_values(trainer, unit.key))


def write_times(trainer: Trainer) -> str:
    """Give the lines that draw what a batch has beside noise and real points, where the generator reads velocities."""
    return _write_draws(pick_statements(trainer.loss.code, "times"), {})


def write_codes(trainer: Trainer) -> str:
    """Give the lines that begin the codes of the data, where it has such."""
    return (
        f"codes = torch.randn(len(known), {trainer.source.dimension}) / {trainer.source.dimension} ** 0.5"
        "  # once, at the start\n"
        "codes = (codes / codes.norm(dim=1, keepdim=True).clamp(min=1)).requires_grad_()"
    )


def write_code_moves(trainer: Trainer) -> list[str]:
    """Give the lines that move the codes of a batch's points, where they have such, after the loss's backward."""
    if not trainer.loss.has_codes:
        return []
    return [rename(trainer.loss.moving_code, write_values(trainer.config.loss.values))]


def write_answers(trainer: Trainer) -> str:
    """Give the lines from what a batch has beside noise and real points to the generator's answers."""
    code = trainer.loss.code
    return _leave_out(pick_statements(code, trainer.loss.answers), pick_statements(code, "times"))


def write_passage(trainer: Trainer) -> str:
    """Give the lines that send real points to the noise by a flow that can be undone."""
    return pick_statements(trainer.loss.code, "places")


def write_sampling(trainer: Trainer, row: int) -> str:
    """Give the lines that make samples of z, whatever the generator answers, and show that of `row`."""
    code = rename(trainer.loss.sampling_code, write_values(trainer.config.loss.values))
    return f"{code}\n{write_published(trainer, f'x_fake[{row}]')}"


def _leave_out(code: str, before: str) -> str:
    """Leave out the lines that stand before already."""
    return code.removeprefix(before).strip("\n")


def write_classify(trainer: Trainer, *sorts: str, drawn: bool = False) -> str:
    """Give the lines that compute the logits of "real" and "fake" samples; `drawn` says that levels are drawn too."""
    before = _write_beside(trainer, *sorts, drawn=drawn)
    points = {sort: SEEN[f"x_{sort}"] if before else f"x_{sort}" for sort in sorts}
    return "\n".join([*before, *(CLASSIFY.format(sort=sort, points=points[sort]) for sort in sorts)])


def write_foresight(trainer: Trainer) -> str:
    """Give the lines from both sorts of points to the loss of a generator that looks ahead."""
    active = trainer.craft.foresight
    assert active, "a technique looks ahead"
    names = _find_values(trainer, active.unit.key) | (SEEN if trainer.craft.widens else {})
    loss = rename(pick_statements(trainer.loss.code, "d_loss"), write_values(trainer.config.loss.values))
    return write_ahead(rename(active.unit.script["ahead"], names), loss)


def write_pairs(trainer: Trainer, count: int, drawn: bool = False) -> list[str]:
    """Give the lines that the generator's loss needs of real samples: none, their draw, or that and what is read.

    `drawn` is as in `write_classify`.
    """
    if trainer.craft.foresight:
        return [write_data(trainer, count), *_write_beside(trainer, "fake"), *_write_beside(trainer, "real")]
    if trainer.loss.pairs or trainer.encoder:
        judged = [write_classify(trainer, "real", drawn=drawn)] if trainer.loss.is_game else []
        return [write_data(trainer, count), *judged]
    if not trainer.regularization.compares:
        return []
    return [write_data(trainer, count), *_write_beside(trainer, "real", drawn=drawn)]


def write_layer(trainer: Trainer, name: Learner, layer: int, row: int, squashes: bool) -> str:
    """Give the lines that a batch passes a layer by, counted from 0, and show what became of sample `row`."""
    before = _write_beside(trainer, "fake") if name == "discriminator" and layer == 0 else []
    point = SEEN["x_fake"] if before else "x_fake"
    hidden = name == "generator" and layer < len(trainer.generator.sizes) - 2
    has_norm = trainer.generator.norm is not None and name == "generator"
    has_batch = trainer.craft.batch is not None and name == "generator"
    handed, modules = "n" if has_norm else "a", 3 if has_norm or has_batch else 2
    noise = "z"
    if trainer.craft.shared and name == "generator" and layer == 0:
        before, noise = [_write_level(trainer, drawn=False), "z_level = torch.cat([z, level], 1)"], "z_level"
    into = {"generator": noise, "discriminator": point}[name] if layer == 0 else f"{name[0]}_{handed}{layer}"
    place = modules * layer
    sums, linear = f"{name[0]}_h{layer + 1}", f"{name}[{place}]"
    if name == "discriminator" and trainer.discriminator.crowd and layer == len(trainer.discriminator.sizes) - 2:
        into, linear = f"d_c{layer}", f"{name}[{place + 1}]"
        before = [f"{into} = {name}[{place}](d_a{layer})"]
    line = "\n".join([*before, f"{sums} = {into} @ {linear}.weight.T + {linear}.bias"])
    if has_batch and hidden:
        line, place = f"{sums} = {name}[{place + 1}]({linear}({into}))  # normalised", place + 1
    if not squashes:
        return f"{line}\n{sums}[{row}]"
    values = f"{name[0]}_a{layer + 1}"
    lines, shown = [line, f"{values} = {name}[{place + 1}]({sums})"], [sums, values]
    if has_norm and hidden:
        shown.append(f"g_n{layer + 1}")
        lines.append(f"g_n{layer + 1} = generator[{place + 2}]({values})")
    return "\n".join([*lines, ", ".join(f"{each}[{row}]" for each in shown)])


def _write_beside(trainer: Trainer, *sorts: str, drawn: bool = False) -> list[str]:
    """Give the lines that put beside samples what the discriminator reads too, where it does; at level 0 or `drawn`."""
    if trainer.encoder:
        return [PAIR_UP[sort] for sort in sorts]
    level, unit = trainer.craft.level, trainer.craft.company or trainer.craft.level
    if not unit:
        return []
    if level and not drawn:
        beside = "torch.cat([x_{sort}, torch.zeros(len(x_{sort}), 1)], 1)  # as they are"
        return [f"{SEEN[f'x_{sort}']} = {beside.format(sort=sort)}" for sort in sorts]
    call = unit.script["points" if level else "company"]
    if trainer.craft.shared:
        mixed = [f"{pick_functions(unit.code)}\n\n", f"real_seen = {call}(x_real, level)"]
        seen = {"real": mixed, "fake": ["fake_seen = torch.cat([x_fake, level], 1)"]}
        return [line for sort in sorts for line in seen[sort]]
    function = f"{rename(pick_setup(unit.code), _find_values(trainer, unit.key))}\n\n"
    return [function, *(f"{SEEN[f'x_{sort}']} = {call}(x_{sort})" for sort in sorts)]


def write_loss(trainer: Trainer, player: Learner) -> str:
    """Give those lines of the loss that lead to this player's, and what the regularizers add to it."""
    loss = f"{player[0]}_loss"
    penalties = [*_write_regularizers(trainer, player, projects=False), *_write_price(trainer, player)]
    return "\n".join([_write_game(trainer, loss), *(f"{code}\n{loss} = {loss} + penalty.mean()" for code in penalties)])


def _write_price(trainer: Trainer, player: Learner) -> list[str]:
    """Give the lines of what a technique lets the discriminator pay, where one does."""
    level = trainer.craft.level
    if player == "generator" or not isinstance(level, SharedLevelTechnique):
        return []
    return [rename(level.price_facts[3], _find_values(trainer, level.key))]


def _find_values(trainer: Trainer, key: str) -> dict[str, str]:
    """Give the numbers of a technique that is on, as they are written."""
    return write_values(next(unit.values for unit in trainer.config.techniques if unit.name == key))


def _write_game(trainer: Trainer, loss: str) -> str:
    """Give the lines from what the networks answer to "d_loss" or "g_loss", before any penalty."""
    if trainer.craft.foresight and loss == "g_loss":
        return write_foresight(trainer)
    own = _leave_out(pick_statements(trainer.loss.code, loss), pick_statements(trainer.loss.code, trainer.loss.answers))
    own = rename(own, write_values(trainer.config.loss.values))
    if not trainer.encoder or loss == "d_loss":
        return own
    return (
        f"{own}\n{loss} = {loss} + {turn_scores(pick_value(own), 'fake_logits', 'real_logits')}  # the encoder's part"
    )


def write_backward(trainer: Trainer, player: Learner) -> str:
    """Give the lines that compute the gradient of a player's loss, and what techniques turn of it."""
    names = SEEN if trainer.craft.company or trainer.craft.level else {}
    turning = [unit for unit in trainer.craft if isinstance(unit, SlopeTechnique) and player == "discriminator"]
    lines = [f"{player[0]}_optimizer.zero_grad()", f"{player[0]}_loss.backward()"]
    return "\n".join([*lines, *(rename(unit.code, names) for unit in turning)])


def write_needle(trainer: Trainer, row: int) -> str:
    """Give the lines that compute the needles of all samples, which no penalty turns, and show that of `row`."""
    loss, game = "g_loss", []
    if _write_regularizers(trainer, "generator", projects=False):
        loss, game = "game", [rename(_write_game(trainer, "g_loss"), {"g_loss": "game"})]
    whole = "needles = -len(x_fake) * slope"
    if not trainer.source.box.is_lab:
        whole += f" * 3 / {trainer.source.box.half_extent!r}  # per published unit"
    slope = f"(slope,) = torch.autograd.grad({loss}, x_fake, retain_graph=True)"
    return "\n".join([*game, slope, whole, f"needles[{row}]"])


def write_update(trainer: Trainer, player: Learner, step: int) -> str:
    """Give the lines that make a player's optimizer, once, and let it move its network in a step of training."""
    values = getattr(trainer.config, f"{player[0]}_optimizer").values
    names = {
        **write_values(values),
        "optimizer": f"{player[0]}_optimizer",
        "parameters": _write_parameters(trainer, player),
    }
    optimizer = f"{rename(trainer.optimizers[player[0]].code, names)}  # once, at the start"
    after = _write_regularizers(trainer, player, projects=True)
    timed = []
    if trainer.craft.rate:
        rate = values["learning_rate"] * trainer.craft.find_factor(step)
        timed = [f'{player[0]}_optimizer.param_groups[0]["lr"] = {rate!r}  # in this step']
    return "\n".join([optimizer, *timed, f"{player[0]}_optimizer.step()", *write_code_moves(trainer), *after])


def _write_parameters(trainer: Trainer, player: Learner) -> str:
    """Give the parameters that a player's optimizer moves: those beside the networks are the generator's business."""
    own = f"{player}.parameters()"
    beside = ["*encoder.parameters()"] if trainer.encoder else []
    beside += [] if trainer.source.means is None else ["means"]
    return f"[*{own}, {', '.join(beside)}]" if beside and player == "generator" else own


def write_network(name: NetworkName, network: Network, config: NetworkConfig) -> str:
    """Give the lines that build a network."""
    activation = ACTIVATIONS[config.activation].code
    norm = [unit.code.partition("\n\n")[0] for unit in _list_norms(config)]
    batch = any(isinstance(TECHNIQUES[key], BatchTechnique) for key in config.built_by)
    layers: list[str] = []
    for place, (inputs, outputs) in enumerate(network.layers):
        layers += [
            f"nn.Linear({inputs}, {outputs})",
            *([f"nn.BatchNorm1d({outputs})"] if batch and place < config.hidden_layers else []),
            pick_value(activation),
            *(f"{_name_class(one)}()" for one in norm),
        ]
    layers[-1 - len(norm) :] = [pick_value(network.output.code)] if network.output else []
    compare = [_write_crowd(config, network.crowd)] if network.crowd else []
    if compare:
        layers.insert(-1, f"{_name_class(compare[0])}({network.sizes[-2]})")
    whole = "\n".join((f"{name} = nn.Sequential(", *(f"    {layer}," for layer in layers), ")"))
    setups = [setup for setup in (pick_setup(activation), *norm, *compare) if setup]
    return "\n".join([*(f"{setup}\n\n" for setup in setups), whole, *_write_start(name, network)])


def _list_norms(config: NetworkConfig) -> list[LayerTechnique]:
    """List what stands behind the hidden layers of a network; its code begins with a class of it."""
    return [unit for unit in map(TECHNIQUES.__getitem__, config.built_by) if isinstance(unit, LayerTechnique)]


def _write_crowd(config: NetworkConfig, crowd: Crowd) -> str:
    """Give the class that compares points, with which the code of its technique begins."""
    (unit,) = (one for one in map(TECHNIQUES.__getitem__, config.built_by) if isinstance(one, CrowdTechnique))
    numbers = dict(zip(unit.crowd, map(repr, crowd), strict=True))
    return rename(unit.code.partition("\n\n*hidden")[0], numbers)


def _name_class(code: str) -> str:
    return code.removeprefix("class ").partition("(")[0]


def _write_start(name: NetworkName, network: Network) -> list[str]:
    """Give the lines that draw a network's first weights, where a Linear does not draw them so by itself."""
    lines = network.init.layer_code.splitlines()
    if network.gain != 1:
        lines.append(f"layer.weight.data *= {network.gain!r}")
    if "first" in find_names(network.init.layer_code):
        lines.insert(0, f"first = layer is {name}[0]")
    if not lines:
        return []
    return [f"for layer in {name}:", "    if isinstance(layer, nn.Linear):", *(f"        {line}" for line in lines)]


def _write_regularizers(trainer: Trainer, player: Learner, projects: bool) -> list[str]:
    """Give the lines of a player's regularizers that are penalties, or of those that change weights afterwards."""
    units = [(REGULARIZERS[unit.name], unit.values) for unit in trainer.config.regularizers]
    chosen = [(unit, values) for unit, values in units if player in unit.players and unit.projects == projects]
    return [
        rename(
            _write_draws(unit.code, values),
            {"network": player, **(SEEN if trainer.craft.widens and _reads(unit, player) else {})},
        )
        for unit, values in chosen
    ]


def _reads(unit: Regularizer, player: Learner) -> bool:
    """Tell whether a regularizer prices points as the discriminator reads them, for a player."""
    return player == "discriminator" or unit.reads_features


def _write_draws(code: str, values: Mapping[str, Any]) -> str:
    """Write a law's code with its values, and with PyTorch's own draws in place of the lab's."""
    return replace_calls(rename(code, write_values(values)), "draws", _write_draw)


def _write_draw(method: str, arguments: list[str]) -> str:
    if method == "integers":
        high, *shape = arguments
        return f"torch.randint({high}, ({', '.join(shape)}{',' * (len(shape) == 1)}))"
    return f"{DRAWS[method]}({', '.join(arguments)})"


def write_values(values: Mapping[str, Any]) -> dict[str, str]:
    """Write the numbers among a unit's values; a list of points is too long, and stays a name."""
    return {name: repr(value) for name, value in values.items() if not isinstance(value, tuple)}
