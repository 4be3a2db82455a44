"""What came of a trial: rates, delays in milliseconds, unfairness, and everything that went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

from server.load.client import Record


@dataclass(frozen=True)
class Delay:
    """How long something took, in milliseconds, `count` times."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Delay | None:
        """Give the percentiles of some times; none where there are none."""
        if not seconds:
            return None
        # Inclusive: a percentile of what was seen, never beyond the longest.
        cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
        return cls(len(seconds), *(round(1000 * cuts[p - 1], 1) for p in (50, 95, 99)))


@dataclass(frozen=True)
class Rates:
    """A rate a second over the clients: the slowest one's, the middle one's, the fastest one's."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, rates: Sequence[float]) -> Rates | None:
        """Sum up one rate a client; none where there are none."""
        return cls(*(round(rate, 1) for rate in (min(rates), median(rates), max(rates)))) if rates else None

    @property
    def unfairness(self) -> float | None:
        """How far the fastest is from the slowest, as a share of the middle; 0 is fair."""
        return round((self.most - self.least) / self.middle, 3) if self.middle else None


@dataclass(frozen=True)
class Figures:
    """The figures of a trial; `steps` and `megabytes` are a second, of all clients together."""

    clients: int
    seconds: float
    steps: float
    steps_each: Rates | None
    unfairness: float | None
    frames_each: Rates | None
    frame_age: Delay | None
    click_to_step: Delay | None
    seek: Delay | None
    resume: Delay | None
    healthz: Delay | None
    megabytes: float
    errors: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Give the figures as plain data."""
        return asdict(self)


def sum_up(players: Iterable[Record], others: Iterable[Record], healthz: Sequence[float], seconds: float) -> Figures:
    """Sum up what the clients have seen in `seconds`; `players` are those that played."""
    playing = list(players)
    records = [*playing, *others]
    errors: Counter[str] = sum((record.errors for record in records), Counter())
    steps_each = Rates.of([record.steps / record.playing for record in playing if record.playing])
    return Figures(
        clients=len(records),
        seconds=round(seconds, 1),
        steps=round(sum(record.steps for record in records) / seconds, 1),
        steps_each=steps_each,
        unfairness=steps_each.unfairness if steps_each else None,
        frames_each=Rates.of([record.frames / record.connected for record in playing if record.connected]),
        frame_age=Delay.of([age for record in records for age in record.ages]),
        click_to_step=Delay.of([click for record in records for click in record.clicks]),
        seek=Delay.of([seek for record in records for seek in record.seeks]),
        resume=Delay.of([back for record in records for back in record.returns]),
        healthz=Delay.of(healthz),
        megabytes=round(sum(record.bytes for record in records) / seconds / 1e6, 2),
        errors=dict(errors.most_common()),
    )


def list_lines(figures: Figures) -> list[tuple[str, str]]:
    """Give the figures as pairs to read: what, and how much."""
    lines = [
        ("clients", f"{figures.clients} for {figures.seconds:g} s"),
        ("steps a second, all together", f"{figures.steps:,.0f}"),
        ("steps a second, each player", _tell_rates(figures.steps_each)),
        ("unfairness", "" if figures.unfairness is None else f"{figures.unfairness:.0%} of the middle one's steps"),
        ("frames a second, each player", _tell_rates(figures.frames_each)),
        ("age of a frame", _tell_delay(figures.frame_age)),
        ("click to painted step", _tell_delay(figures.click_to_step)),
        ("seek to painted step", _tell_delay(figures.seek)),
        ("coming back", _tell_delay(figures.resume)),
        ("/healthz", _tell_delay(figures.healthz)),
        ("megabytes a second", f"{figures.megabytes:g}"),
    ]
    return [line for line in lines if line[1]] + [
        (f"went wrong {count} times", what) for what, count in figures.errors.items()
    ]


def _tell_rates(rates: Rates | None) -> str:
    return "" if rates is None else f"{rates.least:,g} to {rates.most:,g}, the middle one {rates.middle:,g}"


def _tell_delay(delay: Delay | None) -> str:
    if delay is None:
        return ""
    return f"p50 {delay.p50:g} ms, p95 {delay.p95:g} ms, p99 {delay.p99:g} ms ({delay.count:,} times)"
