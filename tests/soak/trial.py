"""Everything at once: clients live one life after another, faults come when the plan says so, and somebody watches."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass, field

from server.errors import LoadError
from server.load.trial import ask_health, find_socket
from tests.soak.checks import check_run
from tests.soak.life import Life
from tests.soak.plan import Fault, Plan
from tests.tools.deaf import open_deaf
from tests.tools.held import Held, list_children
from tests.tools.lab import Lab

GRACE_SECONDS = 2
"""How long the lab keeps a session that its client has left."""
ENVIRONMENT = {"GANLAB_GRACE_SECONDS": str(GRACE_SECONDS)}
"""What the lab is started with."""
SETTLE_SECONDS = 60.0
"""How long the lab may take, on a busy machine, to let everything go."""
HEALTH_SECONDS = 0.2
MOST_HEALTH_SECONDS = 5.0
"""No answer of /healthz may take longer, however busy the machine is."""
MOST_GROWTH = 48 << 20
"""Bytes: by how much the web process may be larger in the end than at its largest in the first half."""
MOST_TOGETHER = 3 << 29
"""Bytes: all processes of the lab."""
SPARE_DESCRIPTORS = 2
"""A worker that is just being replaced has its ends of sockets twice."""


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

    def describe(self) -> str:
        """Say it in a few lines."""
        told = (
            f"{self.lives} lives of {self.deeds} deeds and {self.steps} steps, {self.faults} faults; /healthz within "
            f"{1000 * max(self.health, default=0):.0f} ms; the web process {self.memory[0] >> 20} to "
            f"{self.memory[-1] >> 20} MB, all processes {self.together >> 20} MB at most"
        )
        return "\n".join([told, *self.wrong])


async def soak(lab: Lab, plan: Plan) -> Report:
    """Let a plan happen to a lab that was started with ENVIRONMENT; says what broke."""
    report, chance = Report(), random.Random(plan.seed)
    before, until = Held.of(lab.process.pid), time.monotonic() + plan.seconds
    seeds = [chance.random() for _ in range(plan.clients)]
    watching = asyncio.create_task(watch(lab, report))
    lives = [live_on(lab, number, random.Random(seed), until, report) for number, seed in enumerate(seeds)]
    try:
        await asyncio.gather(cause_faults(lab, plan, report), *lives)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    await check_end(lab, before, report)
    return report


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


async def cause_faults(lab: Lab, plan: Plan, report: Report) -> None:
    """Let go wrong what the plan says, when it says so."""
    began, chance = time.monotonic(), random.Random(plan.seed)
    for second, fault in plan.faults:
        await asyncio.sleep(max(0.0, began + second - time.monotonic()))
        await cause(lab, fault, chance)
        report.faults += 1


async def cause(lab: Lab, fault: Fault, chance: random.Random) -> None:
    """Let one thing go wrong."""
    if fault == "deaf":
        deaf = await asyncio.to_thread(open_deaf, lab.url, 20)
        asyncio.get_running_loop().call_later(GRACE_SECONDS, deaf.close)
    elif workers := list_children(lab.process.pid):
        with contextlib.suppress(ProcessLookupError):  # it has been replaced just now
            os.kill(chance.choice(workers), signal.SIGKILL if fault == "kill" else signal.SIGSTOP)


async def watch(lab: Lab, report: Report) -> None:
    """Ask /healthz for ever, and look at what the lab holds."""
    while True:
        try:
            report.health.append(await asyncio.to_thread(ask_health, lab.url))
        except LoadError as error:
            report.wrong.append(str(error))
        report.memory.append(Held.of(lab.process.pid).memory)
        together = report.memory[-1] + sum(Held.of(worker).memory for worker in list_children(lab.process.pid))
        report.together = max(report.together, together)
        await asyncio.sleep(HEALTH_SECONDS)


async def check_end(lab: Lab, before: Held, report: Report) -> None:
    """Wait until everybody's session is over, and compare what the lab holds and has said with what it may."""
    deadline = time.monotonic() + SETTLE_SECONDS
    after = Held.of(lab.process.pid)
    while after.descriptors > before.descriptors + SPARE_DESCRIPTORS and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        after = Held.of(lab.process.pid)
    if after.descriptors > before.descriptors + SPARE_DESCRIPTORS:
        report.wrong.append(f"{before.descriptors} descriptors at the beginning, and {after.descriptors} in the end")
    report.memory.append(after.memory)
    most = max(report.memory[: len(report.memory) // 2 + 1])
    if after.memory - most > MOST_GROWTH:
        report.wrong.append(f"the web process has grown from {most >> 20} to {after.memory >> 20} MB")
    if report.together > MOST_TOGETHER:
        report.wrong.append(f"all processes took {report.together >> 20} MB together")
    if max(report.health, default=0.0) > MOST_HEALTH_SECONDS:
        report.wrong.append(f"an answer of /healthz took {max(report.health):.1f} s")
    report.wrong += [f"the log: {line}" for line in lab.lines if "[error" in line or line.startswith("Traceback")]
