"""Everything at once: clients live one life after another, faults come when the plan says so, and somebody watches."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from server.errors import LoadError
from server.load.trial import ask_health, find_socket
from tests.soak.checks import check_run
from tests.soak.faults import Faults
from tests.soak.life import Life
from tests.soak.plan import Plan
from tests.tools.clock import SkewedClock
from tests.tools.held import Held, Process, count_unburied, list_family, weigh_all
from tests.tools.lab import Lab, count_open, open_lab

GRACE_SECONDS = 2
"""How long the lab keeps a session that its client has left."""
SETTLE_SECONDS = 60.0
"""How long the lab may take, on a busy machine, to let everything go."""
HEALTH_SECONDS = 0.2
LOOKS = 5
"""The memory of all processes is counted once in so many looks: the system takes its time for it."""
MOST_HEALTH_SECONDS = 5.0
"""No answer of /healthz may take longer, however busy the machine is."""
MOST_GROWTH = 48 << 20
"""Bytes: by how much the web process may be larger in the end than at its largest in the first half."""
MOST_TOGETHER = 3 << 29
"""Bytes: all processes of the lab, with what they share counted once."""
SPARE_DESCRIPTORS = 2
"""A worker that is just being replaced has its ends of sockets twice."""
TROUBLE, NO_TROUBLE = "sessions cannot be kept", "sessions can be kept again"
"""What the log says, and is to say, where the disk fails."""


@dataclass
class Report:
    """What came of a soak; `wrong` must be empty."""

    wrong: list[str] = field(default_factory=list)
    lives: int = 0
    deeds: int = 0
    steps: int = 0
    faults: int = 0
    health: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    together: int = 0
    family: set[Process] = field(default_factory=set)
    """Every process that the lab was seen to have started, itself or by another."""

    def describe(self) -> str:
        """Say it in a few lines."""
        told = (
            f"{self.lives} lives of {self.deeds} deeds and {self.steps} steps, {self.faults} faults; /healthz within "
            f"{1000 * max(self.health, default=0):.0f} ms; the web process {self.memory[0] >> 20} to "
            f"{self.memory[-1] >> 20} MB, all processes {self.together >> 20} MB at most"
        )
        return "\n".join([told, *self.wrong])


async def soak_lab(folder: Path, plan: Plan) -> Report:
    """Let a plan happen to a lab of its own, which keeps its sessions below a folder; says what broke."""
    clock, report, data = SkewedClock(folder / "clock"), Report(), folder / "data"
    environment = {"GANLAB_GRACE_SECONDS": str(GRACE_SECONDS), **clock.environment}
    with open_lab(data, environment=environment) as lab:
        await soak(lab, plan, Faults(lab, data, clock, random.Random(plan.seed)), report)
    left = await wait_until_gone(report.family)
    report.wrong += [f"process {process.number} is left when the lab has ended" for process in left]
    return report


async def soak(lab: Lab, plan: Plan, faults: Faults, report: Report) -> None:
    """Let a plan happen, and take down what broke."""
    chance = random.Random(plan.seed)
    before, until = Held.of(lab.process.pid), time.monotonic() + plan.seconds
    seeds = [chance.random() for _ in range(plan.clients)]
    watching = asyncio.create_task(watch(lab, report))
    lives = [live_on(lab, number, random.Random(seed), until, report) for number, seed in enumerate(seeds)]
    try:
        await asyncio.gather(cause_faults(faults, plan, report), *lives)
        await check_end(lab, before, report)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        faults.close()


async def live_on(lab: Lab, number: int, chance: random.Random, until: float, report: Report) -> None:
    """Live one life after another; each is checked when it is over."""
    for life_number in range(number * 1_000, (number + 1) * 1_000):
        if time.monotonic() > until:
            return
        life = Life(life_number, lab.url, find_socket(lab.url), chance)
        content = b""
        try:
            content = await life.live()
        except LoadError as error:
            life.wrong.append(str(error))
        head = life.client.head
        await life.client.close()
        if content:
            life.wrong += await asyncio.to_thread(check_run, content, life.rates, head)
        life.wrong += [f"{what} ({times} times)" for what, times in life.client.record.errors.items()]
        report.wrong += [f"life {life_number}, after {' '.join(life.done)}: {what}" for what in life.wrong]
        report.lives, report.deeds = report.lives + 1, report.deeds + len(life.done)
        report.steps += life.client.record.steps


async def cause_faults(faults: Faults, plan: Plan, report: Report) -> None:
    """Let go wrong what the plan says, when it says so."""
    began = time.monotonic()
    for second, fault in plan.faults:
        await asyncio.sleep(max(0.0, began + second - time.monotonic()))
        await faults.cause(fault)
        report.faults += 1


async def watch(lab: Lab, report: Report) -> None:
    """Ask /healthz for ever, and look at what the lab holds."""
    while True:
        try:
            report.health.append(await asyncio.to_thread(ask_health, lab.url))
        except LoadError as error:
            report.wrong.append(str(error))
        family = list_family(lab.process.pid)
        report.family |= family
        report.memory.append(Held.of(lab.process.pid).memory)
        if len(report.memory) % LOOKS == 1:
            together = await asyncio.to_thread(weigh_all, [lab.process.pid, *(process.number for process in family)])
            report.together = max(report.together, together)
        await asyncio.sleep(HEALTH_SECONDS)


async def check_end(lab: Lab, before: Held, report: Report) -> None:
    """Wait until everybody's session is over, and compare what the lab holds and has said with what it may."""
    most_descriptors = before.descriptors + SPARE_DESCRIPTORS
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        after, left = Held.of(lab.process.pid), await asyncio.to_thread(count_open, lab)
        if after.descriptors <= most_descriptors and not any(left.values()):
            break
        await asyncio.sleep(HEALTH_SECONDS)
    if after.descriptors > most_descriptors:
        report.wrong.append(f"{before.descriptors} descriptors at the beginning, and {after.descriptors} in the end")
    report.wrong += [f"{count} {name} are open when everybody has left" for name, count in left.items() if count]
    strays = report.family - list_family(lab.process.pid)
    report.wrong += [f"process {process.number} is nobody's" for process in await wait_until_gone(strays)]
    if unburied := count_unburied(lab.process.pid):
        report.wrong.append(f"the ends of {unburied} processes were not taken in")
    check_sizes(after, report)
    check_words(lab.lines, report)


async def wait_until_gone(processes: set[Process]) -> set[Process]:
    """Wait until all of these have ended; gives those that do not."""
    left, deadline = processes, time.monotonic() + SETTLE_SECONDS
    while left and time.monotonic() < deadline:
        left = {process for process in processes if process.is_alive()}
        await asyncio.sleep(HEALTH_SECONDS if left else 0)
    return left


def check_sizes(after: Held, report: Report) -> None:
    """Compare memory, and the answers of /healthz, with what they may be."""
    report.memory.append(after.memory)
    most = max(report.memory[: len(report.memory) // 2 + 1])
    if after.memory - most > MOST_GROWTH:
        report.wrong.append(f"the web process has grown from {most >> 20} to {after.memory >> 20} MB")
    if report.together > MOST_TOGETHER:
        report.wrong.append(f"all processes took {report.together >> 20} MB together")
    if max(report.health, default=0.0) > MOST_HEALTH_SECONDS:
        report.wrong.append(f"an answer of /healthz took {max(report.health):.1f} s")


def check_words(lines: list[str], report: Report) -> None:
    """Look for what the log must not say, and that all trouble with the disk is over."""
    kept = [line for line in lines if TROUBLE in line or NO_TROUBLE in line]
    if kept and NO_TROUBLE not in kept[-1]:
        report.wrong.append("sessions cannot be kept although the disk is well again")
    wrong = [line for line in lines if "[error" in line or line.startswith("Traceback")]
    report.wrong += [f"the log: {line}" for line in wrong if TROUBLE not in line]
