"""Five hundred hostile messages, and as many hostile files: refused in words, and the lab ends as it began."""

import json
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from websockets.sync.client import ClientConnection, connect

from server.app import create_app
from server.settings import Settings
from server.web.socket import BROKEN
from tests.tools.held import Held, needs_proc
from tests.tools.lab import Lab, open_lab

MESSAGES = 500
FILES = 250
OTHER_FORMATS = [b"PK\x03\x04", b"\x80\x04\x95", b"\x89PNG\r\n", b"\x1f\x8b"]
"""How a zip file, a pickle, a picture and a gzip file begin."""
MOST_GROWTH = 24 << 20
"""Bytes: what the web process may keep of thousands of refused words and files; it is what one session's past takes."""
KEPT_ALIVE = 4
"""Connections that a client of HTTP may leave open for its next request."""
KINDS = [
    *("hello", "configure", "play", "pause", "advance", "step", "seek", "back", "switch", "rename", "delete"),
    *("restore", "reset", "watch", "credit", "welcome"),
]
FIELDS = [
    *("id", "config", "rate", "until", "stop", "player", "count", "step", "by", "branch", "name", "seed", "layers"),
    *("phases_per_second", "session", "seen"),
]


@dataclass(frozen=True)
class Deep:
    """A text that repeats its beginning; told in short where an example is shown."""

    opening: str
    depth: int

    def __str__(self) -> str:
        return self.opening * self.depth


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.just(math.nan) | st.just(2**64),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
spoken = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS)}, optional={name: plain | st.integers(0, 9) for name in FIELDS}
)
texts = st.one_of(
    spoken.map(json.dumps),
    plain.map(json.dumps),
    st.text(max_size=200),
    spoken.map(lambda message: json.dumps(message)[:-1]),
    spoken.map(lambda message: json.dumps(message)[:-1] + ', "type": "play", "type": "pause"}'),
    st.builds(Deep, st.just("["), st.integers(1, 50_000)),
    st.builds(Deep, st.just('{"type": "configure", "id": 1, "config": {"a": '), st.integers(1, 5_000)),
    st.text(st.characters(categories=["Cs"]), min_size=1, max_size=5).map(lambda lone: json.dumps({"type": lone})),
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of its own, whose memory nobody else uses, and which may be talked to without a pause."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLAB_MESSAGES_PER_SECOND", "100000")
        with open_lab(tmp_path_factory.mktemp("hostile"), ["--workers", "1"]) as lab:
            yield lab


@contextmanager
def open_session(lab: Lab) -> Iterator[tuple[ClientConnection, str]]:
    """A socket, and the key of its session."""
    with connect(f"{lab.url.replace('http', 'ws')}ws", max_size=None) as socket:
        socket.send(json.dumps({"type": "hello", "protocol": 1}))
        yield socket, json.loads(socket.recv(timeout=60))["session"]


def train(socket: ClientConnection, steps: int) -> int:
    """Train some steps; gives the step after them."""
    socket.send(json.dumps({"type": "step", "id": steps, "count": steps}))
    while True:
        heard = json.loads(socket.recv(timeout=60))
        if heard["type"] == "done" and heard["id"] == steps:
            return int(heard["step"])


def hear(socket: ClientConnection, number: int) -> list[dict[str, Any]]:
    """Ask for an answer that certainly comes; gives every refusal before it."""
    socket.send(json.dumps({"type": "rename", "id": number, "branch": 1, "name": "a name"}))
    refusals = []
    while True:
        heard = socket.recv(timeout=60)
        message = json.loads(heard) if isinstance(heard, str) else {"type": "frame"}
        if message["type"] == "failure" and message["id"] != number:
            refusals.append(message)
        if message["type"] in ("done", "failure") and message["id"] == number:
            return refusals


@needs_proc
def test_hostile_messages_are_refused_with_a_sentence_and_cost_nothing(lab: Lab) -> None:
    numbers, refusals = count(10_000_000_000), list[str]()
    with open_session(lab) as (socket, _):

        @settings(max_examples=MESSAGES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(texts | st.binary(max_size=200))
        def attack(message: str | bytes | Deep) -> None:
            socket.send(message if isinstance(message, bytes) else str(message))
            refusals.extend(refusal["message"] for refusal in hear(socket, next(numbers)))

        hear(socket, next(numbers))
        before = Held.of(lab.process.pid)
        attack()
        after = Held.of(lab.process.pid)
    assert len(refusals) > MESSAGES / 2
    assert all(3 < len(refusal) < 1_000 for refusal in refusals)
    assert BROKEN not in refusals
    assert after.memory - before.memory < MOST_GROWTH
    assert after.descriptors <= before.descriptors


@needs_proc
@pytest.mark.parametrize("kind", ["run", "model"])
def test_hostile_files_are_refused_with_a_sentence_and_cost_nothing(lab: Lab, kind: str) -> None:
    with open_session(lab) as (socket, key):
        train(socket, 5)
        good = httpx.get(f"{lab.url}api/sessions/{key}/{kind}", timeout=60).content
        attack_with_files(lab, key, kind, good)
        hear(socket, 2)


def attack_with_files(lab: Lab, key: str, kind: str, good: bytes) -> None:
    """Send what `good` becomes when somebody tampers with it."""
    length = int.from_bytes(good[:8], "little")
    places, heads = st.integers(0, len(good) - 1), st.integers(8, 8 + length)
    tampered = st.one_of(
        st.tuples(st.just(0), st.just(len(good)), st.binary(max_size=300)),
        st.tuples(places, st.just(len(good)), st.just(b"")),
        st.tuples(heads, st.just(1), st.binary(min_size=1, max_size=1)),
        st.tuples(heads, st.just(0), st.binary(min_size=1, max_size=20)),
        st.tuples(st.just(0), st.just(8), st.binary(min_size=8, max_size=8)),
        st.tuples(st.just(0), st.just(0), st.sampled_from(OTHER_FORMATS)),
    )
    refused = 0
    with httpx.Client(base_url=lab.url, timeout=60) as client:
        address = f"api/sessions/{key}/{kind}"
        client.post(address, content=b"none")
        before = Held.of(lab.process.pid)

        @settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(tampered)
        def attack(change: tuple[int, int, bytes]) -> None:
            nonlocal refused
            place, length, instead = change
            answer = client.post(address, content=good[:place] + instead + good[place + length :])
            assert answer.status_code in (200, 400), answer.text
            if answer.status_code == 400:
                refused += 1
                assert 20 < len(answer.json()["error"]) < 1_000

        attack()
        after = Held.of(lab.process.pid)
    assert refused > FILES / 2
    assert after.memory - before.memory < MOST_GROWTH
    assert after.descriptors <= before.descriptors


def make_schema() -> Any:
    """The lab's HTTP side, as FastAPI describes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a page that answers GET and HEAD is named twice
        return schemathesis.openapi.from_dict(create_app(Settings()).openapi())


schema = make_schema()


@pytest.fixture(scope="module")
def beginning(lab: Lab) -> Held:
    """What the lab holds before the first request of these."""
    httpx.get(f"{lab.url}api/catalog", timeout=60)
    return Held.of(lab.process.pid)


@needs_proc
@schema.parametrize()  # type: ignore[untyped-decorator]  # schemathesis publishes no type for it
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_http_side_and_a_refusal_has_words(lab: Lab, beginning: Held, case: Case[Any]) -> None:
    answer = case.call(base_url=lab.url.rstrip("/"))
    assert answer.status_code < 500, answer.text
    assert answer.status_code < 400 or len(answer.text) > 3 or case.method == "HEAD"
    now = Held.of(lab.process.pid)
    assert now.memory - beginning.memory < MOST_GROWTH
    assert now.descriptors <= beginning.descriptors + KEPT_ALIVE


def test_after_all_that_the_lab_trains(lab: Lab) -> None:
    with open_session(lab) as (socket, _):
        assert train(socket, 3) == 3
