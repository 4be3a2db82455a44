"""A machine that has too little: no more descriptors for the lab; and a reader, or a whole page, that has no time."""

import asyncio
import contextlib
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.errors import LoadError
from server.load.client import Client
from server.load.trial import find_socket
from tests.tools.held import Held, list_children, needs_proc
from tests.tools.lab import Lab, open_lab
from tests.tools.reading import ROOT

SLOW = 100_000
"""Bytes a second that the wire lets through: a quarter of the stream, as 300 kB/s are of the largest one."""
ENOUGH = 4 * SLOW
PIECE = 1 << 14
FEW = 15
"""Frames: on a busy machine, half of what one of many pages has in the time that a page may be silent."""
SILENT = """
import json, sys, time
from websockets.sync.client import connect
with connect(sys.argv[1]) as socket:
    socket.send(json.dumps({"type": "hello", "protocol": 1}))
    socket.recv()
    print("welcome", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("scarce"), ["--workers", "1"], {"GANLAB_GRACE_SECONDS": "1"}) as lab:
        yield lab


@needs_proc
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits another process by prlimit")
async def test_without_descriptors_new_pages_are_refused_with_a_sentence_and_old_ones_live(lab: Lab) -> None:
    old, new = (Client(find_socket(lab.url), {"seed": seed}, 0.03) for seed in (1, 2))
    await old.open()
    process, before = lab.process.pid, resource.prlimit(lab.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (Held.of(process).descriptors + 8, before[1]))
    try:
        with pytest.raises(LoadError, match="the lab is full: its computer gives it no more connections"):
            await new.open()
        await old.drop()
        await old.open()
        assert (await old.command("step", count=5))["step"] == 5
    finally:
        resource.prlimit(process, resource.RLIMIT_NOFILE, before)
    await new.drop()
    await new.open()
    assert (await new.command("step"))["step"] == 1
    await asyncio.gather(old.close(), new.close())
    assert old.record.errors == {}


class Wire:
    """A way to the lab that carries SLOW bytes a second to the page, and none while it is not `open`."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname, place.port
        self.open = asyncio.Event()
        self.open.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end of it is closed."""
        theirs, ours = await asyncio.open_connection(self._host, self._port, limit=PIECE)

        async def up() -> None:
            while piece := await reader.read(PIECE):
                ours.write(piece)

        async def down() -> None:
            while piece := await theirs.read(PIECE):
                await self.open.wait()
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(len(piece) / SLOW)

        with contextlib.suppress(OSError):
            await asyncio.wait([asyncio.create_task(one()) for one in (up, down)], return_when="FIRST_COMPLETED")
        for one in (writer, ours):
            one.close()


@asynccontextmanager
async def open_wire(url: str) -> AsyncIterator[tuple[Wire, str]]:
    """Such a wire, and the address by which the lab is reached over it."""
    wire = Wire(url)
    async with await asyncio.start_server(wire.carry, "127.0.0.1", 0, limit=PIECE) as server:
        yield wire, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"


async def wait_until_full(slow: Client) -> None:
    """Wait until more has come than a queue would be needed for; on a busy machine fewer frames are made."""
    for _ in range(100):
        await asyncio.sleep(0.5)
        if slow.record.bytes > ENOUGH:
            return


async def test_a_slow_reader_sees_what_is_now(lab: Lab) -> None:
    async with open_wire(lab.url) as (_, address):
        slow = Client(address, {}, 0.0)
        await slow.open()
        await slow.command("play")
        await wait_until_full(slow)
        await slow.close()
    assert slow.record.errors == {}
    # Measured 0.16 to 0.3 s; in the end, a queue would show what was there at a quarter of the time.
    assert sorted(slow.record.ages)[len(slow.record.ages) // 2] < slow.record.connected / 8


async def test_while_a_reader_is_stalled_all_others_have_their_frames_and_it_goes_on_with_what_is_now(lab: Lab) -> None:
    async with open_wire(lab.url) as (wire, address):
        slow, other = Client(address, {}, 0.0), Client(find_socket(lab.url), {}, 0.01)
        await slow.open()
        mate = Client(find_socket(lab.url), {}, 0.01, session=slow.session)
        await asyncio.gather(other.open(), mate.open())
        await asyncio.gather(slow.command("play"), other.command("play"))
        await wait_until_full(slow)
        wire.open.clear()
        stalled_at, step = slow.record.frames, mate.step
        # Before nobody answers the lab's pings for it any more: then it would be let go, and in nobody's way.
        await asyncio.gather(paint(other, FEW), paint(mate, FEW))
        assert slow.record.frames <= stalled_at + 1  # the one that was on its way
        wire.open.set()
        await slow.paint(lambda shown: shown > step)
        await asyncio.gather(*(client.close() for client in (slow, other, mate)))
    assert slow.record.errors == other.record.errors == mate.record.errors == {}


async def paint(client: Client, frames: int) -> None:
    """Let a client paint so many more frames."""
    for _ in range(frames):
        await client.paint(lambda step: step > 0, since=time.monotonic())


def start_page(lab: Lab) -> "subprocess.Popen[str]":
    """A page in a process of its own, which says so when it was welcomed."""
    return subprocess.Popen([sys.executable, "-c", SILENT, find_socket(lab.url)], stdout=subprocess.PIPE, text=True)


@needs_proc
async def test_a_page_that_falls_silent_without_a_word_is_let_go(lab: Lab) -> None:
    before = Held.of(lab.process.pid).descriptors
    with start_page(lab) as page:
        try:
            assert page.stdout
            assert await asyncio.to_thread(page.stdout.readline) == "welcome\n"
            assert Held.of(lab.process.pid).descriptors > before
            page.send_signal(signal.SIGSTOP)
            for _ in range(300):
                if Held.of(lab.process.pid).descriptors <= before:
                    break
                await asyncio.sleep(0.2)
            assert Held.of(lab.process.pid).descriptors <= before
        finally:
            page.kill()


@needs_proc
def test_the_lab_needs_no_shared_memory(lab: Lab) -> None:
    """Reports and frames go over sockets: a machine with a tiny /dev/shm, as a container has, runs it."""
    for process in (lab.process.pid, *list_children(lab.process.pid)):
        assert "/dev/shm" not in Path(f"/proc/{process}/maps").read_text()
    assert not [path for path in (ROOT / "server").rglob("*.py") if "shared_memory" in path.read_text()]
