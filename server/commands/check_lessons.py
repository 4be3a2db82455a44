"""`ganlab check-lessons`: trains every lesson over several seeds and tells whether what it claims happens."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from server.errors import ConfigError
from server.gan.catalog import build_catalog
from server.gan.claims import Claim
from server.gan.config import check_config
from server.gan.measures import describe_measure, measure_stack
from server.gan.preset import Preset
from server.gan.presets import PRESETS
from server.gan.trainer import Trainer

Rows = list[dict[str, float | None]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a claim: its number in every seed, none where the run diverged."""

    preset: str
    claim: Claim
    values: list[float | None]

    @property
    def holds(self) -> bool:
        """Whether enough of the seeds hold."""
        return self.claim.is_met(self.values)


def check_lessons(keys: Sequence[str], seeds: int, as_json: bool) -> bool:
    """Check the lessons called `keys`, or all of them, and write what was found; returns whether all hold.

    Raises:
        ConfigError: a key is not that of a lesson.
    """
    torch.set_num_threads(1)  # a stack of a few small runs gains nothing by more, and loses much where others compute
    chosen = [_find_lesson(key) for key in keys] or [preset for preset in PRESETS.values() if preset.claims]
    findings: list[Finding] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("lessons", total=len(chosen))
        for preset in chosen:
            progress.update(task, description=preset.label)
            found = check_lesson(preset, seeds)
            if as_json:
                _write(found)
            findings += found
            progress.advance(task)
    if not as_json:
        Console().print(_tabulate(findings))
    return all(finding.holds for finding in findings)


def check_lesson(preset: Preset, seeds: int) -> list[Finding]:
    """Train a lesson, and those that it is measured beside, with seeds 0 to `seeds` - 1."""
    measured: dict[str, dict[int, Rows]] = {}
    trained = {claim.beside: PRESETS[claim.beside] for claim in preset.claims if claim.beside}
    for key, one in {**trained, preset.key: preset}.items():
        claims = [claim for claim in preset.claims if key in (preset.key, claim.beside)]
        measured[key] = measure_run(one, seeds, claims)
    return [Finding(preset.key, claim, _read(claim, preset.key, measured)) for claim in preset.claims]


def measure_run(preset: Preset, seeds: int, claims: Sequence[Claim]) -> dict[int, Rows]:
    """Train a preset's runs as one stack and measure them at the claims' steps: step -> a row a seed."""
    config = check_config(preset.config, build_catalog())
    trainer = Trainer([config.with_seed(seed) for seed in range(seeds)])
    rows = {}
    for step in range(1, max(claim.steps for claim in claims) + 1):
        trainer.step()
        if keys := dict.fromkeys(claim.measure for claim in claims if claim.steps == step):
            rows[step] = measure_stack(trainer, list(keys))
    return rows


def _read(claim: Claim, key: str, measured: dict[str, dict[int, Rows]]) -> list[float | None]:
    values = [row[claim.measure] for row in measured[key][claim.steps]]
    if claim.beside is None:
        return values
    others = [row[claim.measure] for row in measured[claim.beside][claim.steps]]
    return [value / other if value is not None and other else None for value, other in zip(values, others, strict=True)]


def _find_lesson(key: str) -> Preset:
    preset = PRESETS.get(key)
    if preset is None or not preset.claims:
        names = ", ".join(preset.key for preset in PRESETS.values() if preset.claims)
        raise ConfigError("lesson", f"expected one of {names}, got {key!r}")
    return preset


def _write(findings: Sequence[Finding]) -> None:
    """Write an object a claim, as soon as it is known."""
    for finding in findings:
        facts = {"preset": finding.preset, **finding.claim.describe()}
        sys.stdout.write(json.dumps({**facts, "values": finding.values, "holds": finding.holds}) + "\n")
        sys.stdout.flush()


def _tabulate(findings: Sequence[Finding]) -> Table:
    table = Table("Lesson", "After", "Claim", "Measured", "Seeds", "Holds")
    for finding in findings:
        claim = finding.claim
        beside = f" of {PRESETS[claim.beside].label}'s" if claim.beside else ""
        times = " times that" if beside else ""
        words = f"{describe_measure(claim.measure)} {claim.relation} {claim.bound:g}{times}{beside}"
        values = [value for value in finding.values if value is not None]
        span = f"{min(values):.3g} to {max(values):.3g}" if values else "all diverged"
        held = f"{sum(map(claim.holds, finding.values))} of {len(finding.values)}, expected {claim.share:.0%}"
        table.add_row(finding.preset, str(claim.steps), words, span, held, "yes" if finding.holds else "NO")
    return table
