"""Who may talk to the lab, and what a page of ours may load.

A lab on a laptop is reachable from every page that the same browser shows. Two checks keep those out:
the Host header must be a name of the lab (against DNS rebinding), and what changes something must not come from
another page's Origin (a socket is open to every origin unless somebody looks).
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from socket import gethostname
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # Plotly writes style attributes.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
"""All but who may show the lab's pages in a frame: that is the operator's to say."""
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
ANY_ADDRESS = "any IP address"
"""Stands among the names of a lab that others can reach: no name can be rebound to what is no name."""
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# The registered code for a policy that was broken; before the handshake it becomes the status 403.
POLICY_VIOLATION = 1008


class Guard:
    """ASGI middleware: checks Host and Origin of every request and socket, and adds the security headers.

    `names`: the host names the lab answers to; ANY_ADDRESS may be among them.
    `frame_ancestors`: the origins whose pages may show the lab in a frame, beside its own.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str], frame_ancestors: Iterable[str] = ()) -> None:
        self.app = app
        self.names = names
        ancestors = " ".join(("'self'", *frame_ancestors))
        self.headers = SECURITY_HEADERS | {
            "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; frame-ancestors {ancestors}"
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 421 (not the lab's name) or 403 (another page's request)."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self.find_refusal(scope)
        if refusal is None:
            await self.app(scope, receive, add_headers(send, self.headers))
        elif scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await WebSocketClose(POLICY_VIOLATION)(scope, receive, send)
        else:
            await refusal(scope, receive, add_headers(send, self.headers))

    def find_refusal(self, scope: Scope) -> PlainTextResponse | None:
        """Say why this request is refused, or None."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.knows_host(hosts[0]):
            known = ", ".join(sorted(self.names))
            return PlainTextResponse(
                f"misdirected request: this lab answers to {known} only; GANLAB_ALLOWED_HOSTS adds names\n", 421
            )
        origins = headers.getlist("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in READING_METHODS
        if changes and any(not same_origin(origin, hosts[0]) for origin in origins):
            return PlainTextResponse("refused: the request comes from another page\n", 403)
        return None

    def knows_host(self, host: str) -> bool:
        """Tell whether a Host header names the lab, on whatever port a tunnel gave it."""
        name = split_host(host)
        if name is None:
            return False
        return name in self.names or (ANY_ADDRESS in self.names and is_address(name.strip("[]")))


def lab_names(host: str, allowed: Iterable[str] = ()) -> frozenset[str]:
    """Give the names that a lab bound to `host` answers to: the loopback's, its own, and those that are `allowed`.

    Where others can reach it, it answers to every address and to the machine's name too.
    """
    names = LOOPBACK_NAMES | {f"[{host}]" if ":" in host else host.lower(), *(name.lower() for name in allowed)}
    if host.lower() == "localhost" or (is_address(host) and ip_address(host).is_loopback):
        return names
    return names | {ANY_ADDRESS, gethostname().lower()}


def is_address(host: str) -> bool:
    """Tell whether `host` is an IP address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def split_host(host: str) -> str | None:
    """Give the name in a Host header, lower case and without its port; None where it is malformed."""
    if not host or any(sign in host for sign in "/\\@?#, \t"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    name = parts.hostname
    return f"[{name}]" if name and ":" in name else name


def same_origin(origin: str, host: str) -> bool:
    """Tell whether an Origin header is the page of the lab at `host`, port included."""
    scheme, separator, place = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and place.lower() == host.lower()


def add_headers(send: Send, added: Mapping[str, str]) -> Send:
    """Wrap `send` so that every response carries the security headers."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in added.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
