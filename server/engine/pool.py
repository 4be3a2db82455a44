"""The pool of workers: starts them, gives runs to them, and replaces those that are lost.

A spare worker that has already imported torch waits beside the others, so that lost runs are back at once.
Where more runs play at one worker than at another, some change places, so that all are equally fast.
Heavy runs have a worker of their own, as soon as there is one: what was the spare until then, and another is hired.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Callable, Coroutine
from functools import partial

from server.engine import reports
from server.engine.evenness import Evenness
from server.engine.link import WorkerLink
from server.engine.remote import Receive, RemoteRun
from server.engine.silence import Cause
from server.engine.spawn import start_worker
from server.errors import EngineError
from server.gan.config import Catalog
from server.settings import Settings, count_cores
from server.telemetry import Telemetry

logger = logging.getLogger(__name__)

BEATS = 8
"""How often a worker is asked for a sign of life within the time that it has to give one."""
STOP_SECONDS = 1.5
MOST_PATIENCE = 16.0
"""Where it is not known why a worker is silent, the machine may be too busy for it, and replacing it would make it
busier: so each that is ended for that doubles the time that the others have, up to this factor; CALMING undoes it, beat
by beat."""
CALMING = 0.99
MOST_FUTILE_STARTS = 3
"""A run whose worker was lost so often in a row, before it made a step, is the likely reason and is not tried again."""
MOST_LOST_CAPTURES = 2
"""After so many lost workers that had captured steps another one is the last that captures any: the replays may be the
reason. A run is not given up for it so soon."""
RETRY_SECONDS = 1.0
MOST_FAILED_STARTS = 5
"""A worker whose predecessors failed so often in a row to start is not replaced any more."""
GIVEN_UP: dict[Cause | None, str] = {
    None: "the run stopped: the processes that computed it were lost one after another, so it may need too much memory",
    "computing": "the run stopped: it kept the processes that computed it busy for longer than the lab waits, one after"
    " another, so it is too large for this computer",
    "silent": "the run stopped: the processes that computed it did not answer any more, one after another",
}
"""What is said of a run that is not tried again, by what its last worker was ended for, or that it was lost. A stopped
worker is no run's fault."""
CANNOT_START = "the lab cannot compute anything: its worker processes cannot start; the lab's log has the details"
NOT_READY = "the lab is still starting; expected a worker to be ready, try again in a few seconds"


class Pool:
    """All workers of a lab; used inside one event loop."""

    def __init__(self, settings: Settings, telemetry: Telemetry | None = None) -> None:
        self.settings = settings
        self.telemetry = telemetry or Telemetry()
        self._catalog: Catalog | None = None
        self._started = asyncio.Event()
        self._links: list[WorkerLink] = []
        self._spare: WorkerLink | None = None
        self._ended: list[WorkerLink] = []
        self._watching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._hiring = False
        self._failed_starts = self._lost_captures = 0
        self._evenness = Evenness()
        self.trouble = ""
        """Why there is no worker and never will be, in words for a user; empty while there is hope."""

    @property
    def is_ready(self) -> bool:
        """Whether a worker is ready to train."""
        return any(link.is_ready for link in self._links)

    @property
    def catalog(self) -> Catalog:
        """The catalogue of all units, as the workers have it.

        Raises:
            EngineError: no worker has started yet, or none can.
        """
        if self._catalog is None:
            raise EngineError(self.trouble or NOT_READY)
        return self._catalog

    @property
    def run_count(self) -> int:
        """How many runs the workers have."""
        return sum(len(link.runs) for link in self._links)

    @property
    def process_ids(self) -> list[int]:
        """The workers' process ids, the spare's not among them."""
        return [link.process.pid for link in self._links]

    @property
    def spare_id(self) -> int | None:
        """The process id of the worker that waits beside the others, if there is one at the moment."""
        return self._spare.process.pid if self._spare else None

    async def start(self) -> None:
        """Start the workers, without waiting until they are ready."""
        for _ in range(self.settings.workers or count_cores()):
            await self._add_worker()
        self._watching = asyncio.get_running_loop().create_task(self._watch_workers())
        self._watching.add_done_callback(_log_failure)

    async def wait_ready(self) -> None:
        """Wait for the first worker to be ready, or for `trouble`."""
        await self._started.wait()

    async def stop(self) -> None:
        """End all workers: those that do not end by themselves in time, by force."""
        self._stopping = True
        if self._watching:
            self._watching.cancel()
        # Those that start a worker are waited for, so that none is left behind.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        links = [*self._links, *([self._spare] if self._spare else []), *self._ended]
        for link in links:
            link.close()
        await asyncio.gather(*(asyncio.to_thread(_await_end, link) for link in links))
        self._links, self._spare, self._ended = [], None, []

    def hurry(self) -> None:
        """End all workers by force: a `stop` that is under way, or comes next, waits for none."""
        self._stopping = True
        for link in [*self._links, *([self._spare] if self._spare else []), *self._ended]:
            link.end()

    def open_run(self, key: str, receive: Receive, show: Callable[[reports.Frame, bytes], None]) -> RemoteRun:
        """Give a new run to the worker that has the fewest; the run is opened by its `open`.

        Raises:
            EngineError: there is no worker.
        """
        if not self._links or self._stopping:
            raise EngineError(self.trouble or NOT_READY)
        run = RemoteRun(key, receive, show)
        # Not at once: what moves a run answers what was asked of it, and whoever gave the order is still at it.
        run.note_weight = partial(asyncio.get_running_loop().call_soon, self._move_run, run)
        self._find_place(run).adopt(run)
        return run

    def close_run(self, run: RemoteRun) -> None:
        """Free a run's place."""
        run.close()
        for link in self._links:
            link.runs.pop(run.key, None)

    def _find_place(self, run: RemoteRun) -> WorkerLink:
        """Give the worker with the fewest runs, of those that are for heavy ones or of those that are not."""
        if run.is_heavy and self._spare and self._spare.is_ready and not any(link.is_apart for link in self._links):
            spare, self._spare = self._spare, None
            spare.set_apart()
            self._links.append(spare)
            self._keep(self._hire_spare())
        fitting = [link for link in self._links if link.is_apart == run.is_heavy] or self._links
        return min(fitting, key=lambda link: len(link.runs))

    def _move_run(self, run: RemoteRun) -> None:
        """Have a run that has become heavy, or light, computed where such runs are, if there is such a place."""
        before = next((link for link in self._links if link.runs.get(run.key) is run), None)
        if before is None or before.is_apart == run.is_heavy:
            return
        place = self._find_place(run)
        if place.is_apart == run.is_heavy:
            before.dismiss(run)
            _give(run, place)

    def _even_out(self) -> None:
        """Have playing runs computed where fewer of them are, each from the step that it has made last."""
        links = [link for link in self._links if link.is_prompt and not link.is_apart]
        if any(link.hands_over for link in links):
            return
        playing = [[run for run in link.runs.values() if run.is_racing] for link in links]
        if move := self._evenness.watch([len(runs) for runs in playing]):
            quiet = [run for run in playing[move.here] if not run.is_asked]
            for run in quiet[-move.runs :]:
                self._hand_over(run, links[move.here], links[move.there])

    def _hand_over(self, run: RemoteRun, before: WorkerLink, place: WorkerLink) -> None:
        """Have a run computed at another place, or where it was if that is lost meanwhile."""
        before.hand_over(run, lambda: _give(run, place if place in self._links else before))

    # Workers ----------------------------------------------------------------------------------------------------

    async def _add_worker(self) -> None:
        self._links.append(await self._start_worker())

    async def _start_worker(self) -> WorkerLink:
        process, connection = start_worker(self.settings)
        link = WorkerLink(process, self._take_catalog, self._replace, self.telemetry)
        await asyncio.get_running_loop().create_connection(lambda: link, sock=connection)
        return link

    def _take_catalog(self, catalog: Catalog) -> None:
        self._catalog = self._catalog or catalog
        self._failed_starts = 0
        self._started.set()
        if self._spare is None and all(link.is_ready for link in self._links) and not self._stopping:
            self._keep(self._hire_spare())
        for run in [run for link in self._links for run in link.runs.values()]:
            self._move_run(run)  # one that became heavy while there was no spare worker

    async def _hire_spare(self, pause: float = 0.0) -> None:
        if self._hiring:
            return
        self._hiring = True
        try:
            await asyncio.sleep(pause)
            if self._spare is None and not self._stopping:
                self._spare = await self._start_worker()
        finally:
            self._hiring = False

    def _replace(self, lost: WorkerLink) -> None:
        """Give the runs of a lost worker to the spare one, or to a new one."""
        self._ended.append(lost)
        if self._stopping:
            return
        logger.warning("worker %d was lost with %d runs", lost.process.pid, len(lost.runs))
        self.telemetry.worker_restarts.inc()
        self._judge_captures(lost)
        self._failed_starts += not lost.is_ready
        # A worker that cannot even start would otherwise be started again without a pause.
        pause = 0.0 if lost.is_ready else RETRY_SECONDS
        hopeless = bool(lost.trouble) or self._failed_starts > MOST_FAILED_STARTS
        if lost is self._spare:
            self._spare = None
            if not hopeless:
                self._keep(self._hire_spare(pause))
        if lost not in self._links:
            return
        self._links.remove(lost)
        if hopeless:
            self._do_without(lost)
        elif self._spare is not None:
            spare, self._spare = self._spare, None
            self._take_over(lost, spare)
            self._keep(self._hire_spare())
        else:
            self._keep(self._restart(lost, pause))

    def _judge_captures(self, lost: WorkerLink) -> None:
        """Have no more steps captured where that, or replaying them, may be what a worker was lost for.

        Its runs make steps before they come to be captured again, so they would never be given up.
        """
        if not lost.has_captured or lost.ended_for not in GIVEN_UP or not self.settings.compile:
            return
        self._lost_captures += 1
        if lost.is_risking or self._lost_captures > MOST_LOST_CAPTURES:
            logger.warning("it may be lost because it captured steps: workers that start from now on capture none")
            self.settings = self.settings.model_copy(update={"compile": False})

    async def _restart(self, lost: WorkerLink, pause: float) -> None:
        await asyncio.sleep(pause)
        if self._stopping:
            return
        try:
            link = await self._start_worker()
        except OSError:
            logger.exception("no process for a worker could be had")
            self._keep(self._restart(lost, RETRY_SECONDS))
            return
        self._take_over(lost, link)

    def _take_over(self, lost: WorkerLink, link: WorkerLink) -> None:
        self._links.append(link)
        if lost.is_apart:
            link.set_apart()
        self._move_runs(lost, link)

    def _do_without(self, lost: WorkerLink) -> None:
        """Give the runs of a lost worker to the others, or give them up where there is no other."""
        if self._links:
            self._move_runs(lost, min(self._links, key=lambda link: len(link.runs)))
            return
        self.trouble = lost.trouble or CANNOT_START
        logger.error("%s", self.trouble)
        self._started.set()
        for run in list(lost.runs.values()):
            run.give_up(self.trouble)

    def _move_runs(self, lost: WorkerLink, link: WorkerLink) -> None:
        for run in list(lost.runs.values()):
            if run.is_closed:
                continue
            link.adopt(run)
            is_suspect = run.is_wanted and lost.in_turn in (None, run.key) and lost.ended_for in GIVEN_UP
            run.futile_starts += is_suspect
            if is_suspect and run.futile_starts > MOST_FUTILE_STARTS:
                run.give_up(GIVEN_UP[lost.ended_for])
            else:
                run.resume()

    async def _watch_workers(self) -> None:
        seconds, patience = self.settings.heartbeat_seconds / BEATS, 1.0
        while True:
            await asyncio.sleep(seconds)
            patience = max(1.0, patience * CALMING)
            for link in [*self._links, *([self._spare] if self._spare else [])]:
                if link.check_life(seconds, self.settings.heartbeat_seconds, patience) == "silent":
                    patience = min(MOST_PATIENCE, 2 * patience)
            self._even_out()
            for link in self._ended:
                link.process.poll()  # reaps it
            self._ended = [link for link in self._ended if link.process.returncode is None]

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_log_failure)


def _give(run: RemoteRun, place: WorkerLink) -> None:
    """Have a run that is with nobody computed at a place, from where it was seen last."""
    place.adopt(run)
    run.resume()


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (failure := task.exception()):
        logger.error("the pool could not do its work", exc_info=failure)


def _await_end(link: WorkerLink) -> None:
    try:
        link.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        link.process.kill()
        link.process.wait()
