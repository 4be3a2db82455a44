"""The guards: whom the lab answers, on requests and on sockets, and what its pages may load."""

from socket import gethostname

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.web.guards import LOOPBACK_NAMES, Guard, lab_names, split_host
from tests.web.clients import ADDRESS, knock, open_client


async def say_hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def accept_socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def make_app(names: frozenset[str] = LOOPBACK_NAMES) -> Guard:
    """A guarded app that says hello."""
    routes = [Route("/", say_hello, methods=["GET", "POST"]), WebSocketRoute("/ws", accept_socket)]
    return Guard(Starlette(routes=routes), names)


async def ask(host: str, names: frozenset[str] = LOOPBACK_NAMES) -> int:
    """Ask for the page under a host name; the answer's status."""
    async with open_client(make_app(names)) as client:
        return (await client.get("/", headers={"Host": host})).status_code


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "localhost:9999"])
async def test_the_names_of_the_loopback_are_answered_on_any_port(host: str) -> None:
    assert await ask(host) == 200


STRANGE_HOSTS = [
    "evil.example",
    "localhost.",
    "localhost.evil.example",
    "evil.example#localhost",
    "localhost@evil.example",
    "evil.example@localhost",
    "0.0.0.0:8000",
    "2130706433",
    "127.1",
    "[::1",
    "localhost:80:80",
    "localhost:x",
    "",
]


@pytest.mark.parametrize("host", STRANGE_HOSTS)
async def test_every_other_name_is_misdirected(host: str) -> None:
    assert await ask(host) == 421


@pytest.mark.parametrize("host", STRANGE_HOSTS)
async def test_a_socket_under_another_name_is_refused_too(host: str) -> None:
    assert (await knock(make_app(), {"Host": host}))["status"] == 421


async def test_two_hosts_in_one_request_are_refused() -> None:
    async with open_client(make_app()) as client:
        answer = await client.get("/", headers=[("Host", "localhost"), ("Host", "localhost")])
    assert answer.status_code == 421


STRANGE_ORIGINS = [
    "http://evil.example",
    "null",
    "http://127.0.0.1:8001",
    "http://127.0.0.1",
    "http://127.0.0.1:8000.evil.example",
    "http://localhost:8000",
    "file://127.0.0.1:8000",
    "127.0.0.1:8000",
]


@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
async def test_a_socket_from_another_page_is_refused(origin: str) -> None:
    first = await knock(make_app(), {"Host": "127.0.0.1:8000", "Origin": origin})
    assert first["status"] == 403


@pytest.mark.parametrize("headers", [{"Origin": ADDRESS}, {}], ids=["our page", "no browser"])
async def test_a_socket_from_our_page_or_from_a_program_is_accepted(headers: dict[str, str]) -> None:
    first = await knock(make_app(), {"Host": "127.0.0.1:8000", **headers})
    assert first["type"] == "websocket.accept"


@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
async def test_another_page_can_change_nothing_by_a_request(origin: str) -> None:
    async with open_client(make_app()) as client:
        assert (await client.post("/", headers={"Origin": origin})).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("192.0.2.7:8000", 200),
        ("[2001:db8::1]:8000", 200),
        ("localhost:8000", 200),
        (f"{gethostname()}:8000", 200),
        ("lab.school.example", 200),
        ("LAB.school.example:8000", 200),
        ("evil.example", 421),
        ("lab.school.example.evil.example", 421),
        ("2130706433", 421),
        ("a@b", 421),
    ],
)
async def test_a_lab_that_is_open_to_the_network_answers_to_addresses_and_to_its_own_names(
    host: str, status: int
) -> None:
    assert await ask(host, lab_names("0.0.0.0", ["Lab.school.example"])) == status


@pytest.mark.parametrize(
    ("host", "name"),
    [("127.0.0.9", "127.0.0.9"), ("::1", "[::1]"), ("lab.school.example", "lab.school.example")],
)
def test_a_lab_answers_to_what_it_is_bound_to(host: str, name: str) -> None:
    assert lab_names(host) >= LOOPBACK_NAMES | {name}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_lab_on_the_loopback_has_no_other_names(host: str) -> None:
    assert lab_names(host) == LOOPBACK_NAMES


@pytest.mark.parametrize(
    ("host", "name"),
    [("A.example:1", "a.example"), ("[::1]:1", "[::1]"), ("a.example", "a.example"), ("a/b", None), ("a:-1", None)],
)
def test_a_host_header_is_split(host: str, name: str | None) -> None:
    assert split_host(host) == name


@pytest.mark.parametrize("status", [200, 404, 421])
async def test_f31_f34_every_answer_carries_the_policy(status: int) -> None:
    path, host = {200: ("/", "localhost"), 404: ("/nothing", "localhost"), 421: ("/", "evil.example")}[status]
    async with open_client(make_app()) as client:
        answer = await client.get(path, headers={"Host": host})
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "connect-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        ((), "'self'"),
        (("https://learn.school.example", "http://lab:81"), "'self' https://learn.school.example http://lab:81"),
    ],
)
async def test_only_the_labs_own_pages_and_those_that_the_operator_names_may_frame_it(
    allowed: tuple[str, ...], told: str
) -> None:
    routes = [Route("/", say_hello)]
    async with open_client(Guard(Starlette(routes=routes), LOOPBACK_NAMES, allowed)) as client:
        policy = (await client.get("/")).headers["content-security-policy"]
    assert policy.endswith(f"; frame-ancestors {told}")
