"""A trial: many clients at once against a running lab, for a while."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urljoin, urlsplit
from urllib.request import urlopen

from server.errors import LoadError
from server.load.client import ANSWER_SECONDS, Client
from server.load.figures import Figures, sum_up
from server.load.roles import Role, follow, play, step_by_hand, watch

HEALTH_SECONDS = 0.1
STEPPERS = 10
"""One client in so many steps by hand, and one of fewer; the others play."""


@dataclass(frozen=True)
class Plan:
    """What a trial consists of: `clients` with runs of their own, and `watchers` of the first one's run.

    `config` is what the runs begin with; a page paints `frames_per_second` at most; `seed` decides who does what when.
    """

    clients: int
    seconds: float
    watchers: int = 0
    frames_per_second: float = 30.0
    config: Mapping[str, Any] | None = None
    seed: int = 0


async def try_lab(url: str, plan: Plan) -> Figures:
    """Let all clients do what they do for `plan.seconds`, once every one of them has had time to connect.

    Raises:
        LoadError: there is no lab at `url`.
    """
    socket, token = find_socket(url), find_token(url)
    await asyncio.to_thread(ask_health, url)
    chance, painting = random.Random(plan.seed), 1 / plan.frames_per_second
    roles = assign_roles(plan.clients)
    crew = [(Client(socket, plan.config or {}, painting, token=token), role) for role in roles]
    tasks = [asyncio.create_task(follow(client, role, random.Random(chance.random()))) for client, role in crew]
    if plan.watchers:
        session = await _await_session(crew[0][0])
        looking = [(Client(socket, {}, painting, session, token), watch) for _ in range(plan.watchers)]
        tasks += [asyncio.create_task(follow(client, role, random.Random(chance.random()))) for client, role in looking]
        crew += looking
    health: list[float] = []
    tasks.append(asyncio.create_task(_ask_often(url, health)))
    began = time.monotonic()
    await asyncio.sleep(plan.seconds)
    seconds = time.monotonic() - began
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(client.close() for client, _ in crew))
    players = [client.record for client, role in crew if role is play]
    return sum_up(players, [client.record for client, role in crew if role is not play], health, seconds)


def assign_roles(clients: int) -> list[Role]:
    """Give what each client does; one alone plays."""
    last = min(STEPPERS, max(2, clients)) - 1
    return [step_by_hand if i % STEPPERS == last else play for i in range(clients)]


def find_socket(url: str) -> str:
    """Give the address of the websocket of the lab at `url`.

    Raises:
        LoadError: it is not an address of the web.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise LoadError(f"url: expected an address like http://127.0.0.1:8000, got {url!r}")
    return f"{parts.scheme.replace('http', 'ws')}://{parts.netloc}/ws"


def find_token(url: str) -> str:
    """Give the token that the link of a lab carries; empty where it has none."""
    return parse_qs(urlsplit(url).fragment).get("token", [""])[-1]


def ask_health(url: str) -> float:
    """Ask /healthz once; how many seconds the answer took.

    Raises:
        LoadError: nobody answers there.
    """
    address = urljoin(url, "/healthz")
    began = time.monotonic()
    try:
        with urlopen(address, timeout=30) as answer:
            answer.read()
    except HTTPError as error:
        raise LoadError(f"{address}: expected a lab that answers, got {error}") from None
    except (OSError, ValueError) as error:
        raise LoadError(f"{address}: expected a lab that answers, got {getattr(error, 'reason', error)}") from None
    return time.monotonic() - began


async def _ask_often(url: str, took: list[float]) -> None:
    while True:
        took.append(await asyncio.to_thread(ask_health, url))
        await asyncio.sleep(HEALTH_SECONDS)


async def _await_session(client: Client) -> str:
    """Wait until a client has a session that others can look at."""
    for _ in range(int(ANSWER_SECONDS / HEALTH_SECONDS)):
        if client.session:
            return client.session
        await asyncio.sleep(HEALTH_SECONDS)
    raise LoadError(f"watchers: expected a run to watch, got {', '.join(client.record.errors) or 'none'}")
