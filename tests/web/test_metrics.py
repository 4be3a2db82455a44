"""`/metrics`, as Prometheus reads it from a real lab."""

import json
import os
import signal
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from server.load.client import Client
from server.load.trial import find_socket
from tests.tools.engine import Listener, open_pool
from tests.tools.lab import Lab


def read_metrics(text: str) -> dict[str, float]:
    """Give every number by its name and labels."""
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {" ".join((sample.name, *sample.labels.values())): sample.value for sample in samples}


def ask_metrics(lab: Lab) -> dict[str, float]:
    """Read the lab's numbers."""
    with urlopen(f"{lab.url}metrics") as answer:
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return read_metrics(answer.read().decode())


async def test_steps_frames_and_bytes_are_those_that_a_client_received(running_lab: Lab) -> None:
    before = ask_metrics(running_lab)
    client = Client(find_socket(running_lab.url), {}, 0.01)
    await client.open()
    during = ask_metrics(running_lab)
    await client.command("step", count=25)
    await client.paint(lambda step: step >= 25)
    await client.command("pause")
    await client.close()
    after = ask_metrics(running_lab)
    assert during["ganlab_sessions"] == before["ganlab_sessions"] + 1
    assert during["ganlab_readers"] == before["ganlab_readers"] + 1
    assert during["ganlab_session_states paused"] >= 1
    assert during["ganlab_runs"] >= 1
    assert client.record.steps == 25
    assert after["ganlab_steps_total"] - before["ganlab_steps_total"] == 25
    assert after["ganlab_frames_total"] - before["ganlab_frames_total"] >= client.record.frames >= 1
    sent = sum(after[f"ganlab_sent_bytes_total {kind}"] - before.get(f"ganlab_sent_bytes_total {kind}", 0)
               for kind in ("text", "frame"))  # fmt: skip
    assert sent >= client.record.bytes > 0
    assert after["ganlab_credit_wait_seconds_count"] > before["ganlab_credit_wait_seconds_count"]


async def test_how_long_turns_took_and_how_late_the_loop_was_are_told(running_lab: Lab) -> None:
    before = ask_metrics(running_lab)
    client = Client(find_socket(running_lab.url), {}, 0.01)
    await client.open()
    await client.command("play")
    told = before
    while told["ganlab_slice_seconds_count"] <= before["ganlab_slice_seconds_count"]:
        told = ask_metrics(running_lab)
    await client.close()
    assert told["ganlab_slice_seconds_sum"] > before["ganlab_slice_seconds_sum"]
    assert told["ganlab_loop_lag_seconds_count"] > 0


async def test_a_lost_worker_is_counted() -> None:
    async with open_pool() as pool:
        listener = Listener(pool, "counted")
        await listener.answer(listener.run.open(listener.config, 1))
        assert read_metrics(pool.telemetry.tell().decode())["ganlab_worker_restarts_total"] == 0
        os.kill(pool.process_ids[0], signal.SIGKILL)
        await listener.answer(listener.run.step("both", 1))
        assert read_metrics(pool.telemetry.tell().decode())["ganlab_worker_restarts_total"] == 1


async def test_a_credit_that_no_frame_was_sent_for_is_not_measured(running_lab: Lab) -> None:
    before = ask_metrics(running_lab)["ganlab_credit_wait_seconds_count"]
    async with connect(find_socket(running_lab.url)) as socket:
        await socket.send(json.dumps({"type": "hello", "protocol": 1}))
        await socket.recv()
        await socket.send(json.dumps({"type": "credit", "count": 2}))
        await socket.send(json.dumps({"type": "pause", "id": 1}))
        async for message in socket:
            if isinstance(message, str) and json.loads(message)["type"] == "done":
                break
    assert ask_metrics(running_lab)["ganlab_credit_wait_seconds_count"] == before
