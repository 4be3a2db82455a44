"""A run as one Python script of plain PyTorch, to be read by a student.

It draws the lab's random numbers and does the sums in the lab's order, so its training is the lab's to the last digit;
only the means that it reports are rounded otherwise. Nothing is in it that the run does not use.
The text is `run.py.j2`; this module decides what goes into it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.gan.config import Catalog, RunConfig, UnitConfig, Value, restarts
from server.gan.export.networks import describe_networks
from server.gan.export.regularizers import OTHER, write_afters, write_averages, write_penalties
from server.gan.export.snippets import find_names, pick_statements, pick_value, rename, turn_scores, write_ahead
from server.gan.export.techniques import describe_techniques

Facts = Mapping[str, Any]
Change = tuple[int, RunConfig]
"""(step, config): after so many steps the run went on with that config."""

WIDTH = 88
"""Characters in a line: what formatters of Python use by default."""
PRINTED = 20
"""About so many lines does a run print."""
SEEN = "seen"
"""What generated points are called that techniques have changed for the discriminator."""
LAB_HALF_EXTENT = 3.0
"""A view around 0 that reaches so far is that of lab units: `server.gan.datasets` has it, beside torch."""
METHODS = ("normal", "uniform", "integers")
COMMON = ("units", "size")
"""What all data sets can be told; the rest are the numbers of a law."""
PICK = "return known[draws.integers(len(known), count)]"
NUMBERS = ("batch_size", "d_updates", "g_updates")
LIBRARIES = {"torch": "PyTorch", "pytorch_optimizer": "The package pytorch-optimizer"}
"""Who has an optimizer ready, by the first word of the call that makes it."""
PLAYERS = {"d": "discriminator", "g": "generator"}
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.filters["comment"] = lambda text: textwrap.fill(
    text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_long_words=False
)


class Stage(NamedTuple):
    """A part of a run: its config, from a step on; `renewed` players begin it with an optimizer that is new."""

    step: int
    config: RunConfig
    renewed: frozenset[str]


def write_script(config: RunConfig, steps: int, catalog: Catalog, changes: Sequence[Change] = ()) -> str:
    """Write the script of a run that began with `config`, was changed on the way, and took `steps` steps.

    No change may need a restart.

    Raises:
        ConfigError: its techniques changed on the way, which a script cannot follow.
    """
    return render("script", config, steps, catalog, changes)


def render(form: str, config: RunConfig, steps: int, catalog: Catalog, changes: Sequence[Change]) -> str:
    """Write a run in one of its forms, "script" or "notebook": a text in sections, each begun by `# %%`."""
    assert not any(restarts(config, later) for _, later in changes), "an exported run goes on from its beginning"
    stages = [stage._replace(config=_leave_out(stage.config)) for stage in list_stages(config, changes)]
    facts = describe_run(stages, catalog, pictures=form == "notebook")
    length = {"steps": steps, "every": max(1, steps // PRINTED)}
    return TEMPLATES.get_template(f"{form}.py.j2").render(facts, **length, formulas=form == "notebook")


def describe_run(stages: Sequence[Stage], catalog: Catalog, pictures: bool) -> dict[str, Any]:
    """Give what the templates say about a run; with `pictures` the data are shown, if nobody trains on them too."""
    first, configs = stages[0].config, [stage.config for stage in stages]
    players = [letter for letter in PLAYERS if any(getattr(one, f"{letter}_updates") for one in configs)]
    craft = describe_techniques(configs, catalog)
    losses = {
        letter: _list_losses(f"{letter}_loss", stages, catalog, _name_read(craft), craft["ahead"]) for letter in players
    }
    game = _describe_game(configs, losses.get("g", ()), craft, catalog)
    penalties = _describe_regularizers(configs, players, catalog)
    training = [stage["code"] for parts in losses.values() for stage in parts]
    training += [code for codes in craft["lines"].values() for code in codes]
    shows_data = "d" in players or game["pairs"] or game["compares"] or pictures
    return {
        "config": first,
        "craft": craft,
        "losses": losses,
        **game,
        **penalties,
        "sees_real": game["pairs"] or any(unit["reads_features"] for unit in penalties["regularizers"]),
        **_describe_makings(first, training, game["judged"], shows_data, catalog),
        **_describe_players(stages, players, craft, catalog),
    }


def _describe_game(
    configs: Sequence[RunConfig], parts: Sequence[Facts], craft: Facts, catalog: Catalog
) -> dict[str, Any]:
    """Give what the generator learns from; `parts` are its losses as `_list_losses` has them."""
    wanted = set[str]().union(*(find_names(part["code"]) for part in parts))
    judged = any(one.is_game for one in configs)
    loss = configs[-1].loss
    unit = find_unit(catalog, "losses", loss.name)
    numbers = {key: repr(value) for key, value in loss.values.items()}
    return {
        "loss_units": [find_unit(catalog, "losses", name) for name in dict.fromkeys(one.loss.name for one in configs)],
        "judged": judged,
        "pairs": "real_logits" in wanted,
        "compares": "x_real" in wanted,
        "takes_fake": bool(wanted & {"x_fake", SEEN}),
        "draws_times": "draws" in wanted and not judged,
        "poses": bool(craft["sampling"]) or not unit["makes_points"],
        "reads_noise": unit["reads_noise"],
        "codes": unit["has_codes"],
        "words": unit.get("words"),
        "sampling": craft["sampling"] or rename(unit["sampling_code"], numbers),
    }


def _describe_regularizers(configs: Sequence[RunConfig], players: Collection[str], catalog: Catalog) -> dict[str, Any]:
    """Give the regularizers of those who play, and what these keep of the past."""
    facts = {unit["key"]: unit for unit in catalog["regularizers"]}
    used = dict.fromkeys(unit.name for one in configs for unit in one.regularizers)
    active = [facts[name] for name in used if any(player[0] in players for player in facts[name]["players"])]
    return {
        "regularizers": active,
        "averages": write_averages(configs[0].regularizers, facts, players),
        "has_averages": any(unit["averages"] for unit in active),
        "has_memories": any(unit.get("remembers") for unit in active),
        "has_histories": any(unit["histories"] for unit in active),
        "reads_field": any(unit["reads_field"] for unit in active),
    }


def _describe_makings(
    config: RunConfig, training: Sequence[str], judged: bool, shows_data: bool, catalog: Catalog
) -> dict[str, Any]:
    """Give the data, the noise and the networks, and the `names` and `methods` that their code or `training` uses."""
    data = _describe_data(config.data, catalog) if shows_data else None
    latent = _describe_latent(config.latent, catalog)
    played = {"generator", *(["discriminator"] if judged else ()), *set[str]().union(*map(find_names, training))}
    networks = describe_networks(config, latent["dimension"], catalog, played)
    codes = [latent["code"], latent["points_code"], *(init["code"] for init in networks["inits"]), *training]
    codes += [code for unit in networks["layers"] for code in unit["script"].values()]
    codes += [data["settings"], data["code"], data["pick"]] if data else []
    return {
        "label": find_unit(catalog, "datasets", config.data.name)["label"],
        "data": data,
        "latent": latent,
        **networks,
        "names": set[str]().union(*map(find_names, codes)),
        "methods": [one for one in METHODS if any(f"draws.{one}(" in code for code in codes)],
    }


def _describe_players(
    stages: Sequence[Stage], players: Collection[str], craft: Facts, catalog: Catalog
) -> dict[str, Any]:
    """Give how the players are moved, what follows an update of theirs, and what changes on the way."""
    first, configs = stages[0].config, [stage.config for stage in stages]
    learned = find_unit(catalog, "latents", first.latent.name)["learned_code"]
    beside = "encoder" if first.has_encoder else "learned_noise" if learned else ""
    read = _name_read(craft)
    return {
        "optimizers": _describe_optimizers(configs, players, catalog, timed=bool(craft["rate"])),
        "players": {letter: _write_optimizer(letter, first, beside) for letter in players},
        "afters": {
            letter: _list_blocks([(one.step, _write_after(letter, one.config, catalog, read)) for one in stages])
            for letter in players
        },
        "changes": list(_list_changes(stages, players, catalog, beside)),
        "pauses": any(0 in (one.d_updates, one.g_updates) for one in configs),
    }


def _leave_out(config: RunConfig) -> RunConfig:
    """Give a config whose discriminator makes no updates where its loss needs none."""
    return config if config.is_game else replace(config, d_updates=0)


def list_stages(config: RunConfig, changes: Sequence[Change]) -> list[Stage]:
    """Give the stages of a run in order; changes at the same step begin one stage together."""
    stages = [Stage(0, config, frozenset())]
    for step, group in groupby(sorted(changes, key=lambda change: change[0]), key=lambda change: change[0]):
        walk = [stages[-1].config, *(config for _, config in group)]
        renewed = {letter for letter in PLAYERS for old, new in pairwise(walk) if _renews(letter, old, new)}
        stages = [*(stage for stage in stages if stage.step < step), Stage(step, walk[-1], frozenset(renewed))]
    return stages


def find_unit(catalog: Catalog, kind: str, key: str) -> Facts:
    """Give the facts of a unit that a checked config names."""
    facts: Facts = next(unit for unit in catalog[kind] if unit["key"] == key)
    return facts


def _renews(letter: str, old: RunConfig, new: RunConfig) -> bool:
    """Tell whether a player's optimizer is replaced, so that it remembers nothing."""
    return _optimizer(letter, old).name != _optimizer(letter, new).name


def _optimizer(letter: str, config: RunConfig) -> UnitConfig:
    return config.d_optimizer if letter == "d" else config.g_optimizer


def _describe_data(law: UnitConfig, catalog: Catalog) -> dict[str, Any]:
    unit = find_unit(catalog, "datasets", law.name)
    settings = [_write_value(key, value) for key, value in law.values.items() if key not in COMMON]
    units = "published" if law.values["units"] == "published" else "lab"
    if unit["box_code"]:
        box = unit["box_code"]
    else:
        centre, half_extent = tuple(unit["box"]["centre"]), unit["box"]["half_extent"]
        box = f"centre, half_extent = {centre!r}, {half_extent!r}"
        units = "same" if half_extent == LAB_HALF_EXTENT and not any(centre) else units
    if units == "lab":
        settings.append(box)
    return {
        **_describe_unit(unit),
        "units": units,
        "settings": "\n".join(settings),
        "size": law.values["size"],
        "pick": PICK if law.values["size"] else "",
        "view": "interval" if unit["dimension"] == 1 else "square",
    }


def _write_value(key: str, value: Value) -> str:
    """Write a parameter of the data as an assignment; many points as a text in pairs, which stays short."""
    if not isinstance(value, tuple):
        return f"{key} = {json.dumps(value)}"
    pairs = " ".join(f"{x!r},{y!r}" for x, y in value)
    text = textwrap.fill(pairs, WIDTH, break_long_words=False, break_on_hyphens=False)
    return f'{key} = """\n{text}\n"""\n{key} = np.array([pair.split(",") for pair in {key}.split()], dtype=float)'


def _describe_latent(law: UnitConfig, catalog: Catalog) -> dict[str, Any]:
    unit = find_unit(catalog, "latents", law.name)
    numbers = {key: repr(value) for key, value in law.values.items() if key != "dimension"}
    code = {place: rename(unit[place], numbers) for place in ("code", "points_code", "learned_code")}
    code["code"] = code["learned_code"] or code["code"]
    return {**_describe_unit(unit), **code, "dimension": law.values["dimension"]}


def _describe_unit(unit: Facts) -> dict[str, Any]:
    return {
        "label": unit["label"],
        "words": f"{unit['label']}. {unit['help']}",
        "formula": unit["formula"],
        "code": unit["code"],
    }


def _describe_optimizers(
    configs: Sequence[RunConfig], players: Collection[str], catalog: Catalog, timed: bool
) -> list[dict[str, Any]]:
    """Give the optimizers that the players use at some time, each once; with `timed` a step has a rate of its own."""
    names = dict.fromkeys(_optimizer(letter, config).name for config in configs for letter in players)
    described = []
    for name in names:
        unit = find_unit(catalog, "optimizers", name)
        numbers = [parameter["key"] for parameter in unit["parameters"]]
        kept = {key: f"self.{key}" for key in (*numbers, *unit["slots"]) if not (timed and key == "learning_rate")}
        call = pick_value(unit["code"])
        facts = {
            "class_name": _name_class(name),
            "numbers": numbers,
            "slots": unit["slots"],
            "call": call,
            "library": LIBRARIES.get(call.partition(".")[0]),
            "arithmetic": rename(unit["arithmetic"], {**kept, "step": "self.steps"}),
            "counts": "step" in find_names(unit["arithmetic"]),
        }
        described.append({**_describe_unit(unit), **facts})
    return described


def _name_class(optimizer: str) -> str:
    return optimizer.title().replace("_", "")


def _write_after(letter: str, config: RunConfig, catalog: Catalog, read: Mapping[str, str]) -> str:
    """Write what follows an update of a player: what the regularizers do then, and how codes move."""
    regularizers = {unit["key"]: unit for unit in catalog["regularizers"]}
    loss = find_unit(catalog, "losses", config.loss.name)
    moves = [loss["moving_code"]] if letter == "g" and loss["has_codes"] else []
    codes = [rename(code, {key: repr(value) for key, value in config.loss.values.items()}) for code in moves]
    return "\n".join([write_afters(config.regularizers, regularizers, PLAYERS[letter], read), *codes]).strip("\n")


def _write_optimizer(letter: str, config: RunConfig, beside: str) -> str:
    """Write the call that makes a player's optimizer, an argument a line; the generator's moves `beside` too."""
    unit = _optimizer(letter, config)
    network = f"nn.ModuleList([generator, {beside}])" if letter == "g" and beside else PLAYERS[letter]
    arguments = [network, *(f"{key}={value!r}" for key, value in unit.values.items())]
    return "\n".join(
        [f"{letter}_optimizer = {_name_class(unit.name)}(", *(f"    {argument}," for argument in arguments), ")"]
    )


def _name_read(craft: Facts) -> dict[str, str]:
    """Name what the discriminator is that the generator learns from, and what that one reads of real and of its points.

    Only a discriminator's last hidden layer is looked at by these names.
    """
    points = {"x_real": "x_real", "x_fake": SEEN if craft["points"] else "x_fake"}
    if craft["company"]:
        points = {name: f"{craft['company']}({seen})" for name, seen in points.items()}
    return {**points, "discriminator": craft["scoring"]}


def _list_losses(name: str, stages: Sequence[Stage], catalog: Catalog, read: Facts, ahead: str) -> list[dict[str, Any]]:
    """Give the code of a player's loss with its penalties, and until which step it holds; the last has no end.

    `ahead` are the lines of a generator that looks ahead, if it does.
    """
    regularizers = {unit["key"]: unit for unit in catalog["regularizers"]}
    codes = []
    for stage in stages:
        loss = stage.config.loss
        own = pick_statements(find_unit(catalog, "losses", loss.name)["code"], name)
        if ahead and name == "g_loss":
            own = rename(
                write_ahead(ahead, pick_statements(find_unit(catalog, "losses", loss.name)["code"], "d_loss")), read
            )
        if any(regularizers[unit.name]["reads_field"] for unit in stage.config.regularizers):
            other = "d_loss" if name == "g_loss" else "g_loss"
            theirs = pick_statements(find_unit(catalog, "losses", loss.name)["code"], other)
            own = f"{own}\n{rename(theirs, {other: OTHER})}"
        lines = [rename(own, {key: repr(value) for key, value in loss.values.items()})]
        if name == "g_loss" and stage.config.has_encoder:
            lines.append(f"g_loss = g_loss + {turn_scores(pick_value(lines[0]), 'fake_logits', 'real_logits')}")
        player = PLAYERS[name.removesuffix("_loss")]
        lines.append(write_penalties(stage.config.regularizers, regularizers, player, read))
        codes.append((stage.step, "\n".join(line for line in lines if line)))
    return _list_blocks(codes)


def _list_blocks(codes: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    """Join what stays the same from (step, code) to the next."""
    begun = [next(same) for _, same in groupby(codes, key=lambda one: one[1])]
    ends = [*(step for step, _ in begun[1:]), None]
    return [{"code": code, "until": until} for (_, code), until in zip(begun, ends, strict=True)]


def _list_changes(
    stages: Sequence[Stage], players: Collection[str], catalog: Catalog, beside: str
) -> Iterator[dict[str, Any]]:
    """Give what the script does at the step of each change; a loss is chosen where it is computed."""
    regularizers = {unit["key"]: unit for unit in catalog["regularizers"]}
    for before, stage in pairwise(stages):
        old, new = before.config, stage.config
        lines = [f"{key} = {getattr(new, key)}" for key in NUMBERS if getattr(new, key) != getattr(old, key)]
        was_on = {unit.name for unit in old.regularizers}
        lines += write_averages([unit for unit in new.regularizers if unit.name not in was_on], regularizers, players)
        for letter in players:
            was, now = _optimizer(letter, old).values, _optimizer(letter, new).values
            if letter in stage.renewed:
                lines.append(_write_optimizer(letter, new, beside))
            else:
                turned = [key for key in now if now[key] != was[key]]
                lines += [f"{letter}_optimizer.{key} = {now[key]!r}" for key in turned]
        if lines:
            yield {"step": stage.step, "code": "\n".join(lines)}
