"""`ganlab serve`: takes a port, starts the web server on it, and says where the lab is once it answers."""

import asyncio
import errno
import gc
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from server.app import create_app
from server.errors import ConfigError, LabError
from server.logs import configure_logs
from server.settings import Settings, find_data
from server.web.guards import ANY_ADDRESS, lab_names
from server.web.socket import SOCKET_OPTIONS

logger = logging.getLogger(__name__)

GRACE_SECONDS = 1
"""How long a stopping server waits for open requests; with telling the pages and ending the workers it is under 5 s."""
PORTS_TRIED = 20
TOKEN_BYTES = 32
OWN_MEGABYTES = 256
"""So much of the user's own folder the kept sessions may take, where nobody has named one, nor how much."""


class LabServer(uvicorn.Server):
    """uvicorn, which tells when it answers, and lets the sessions end before it closes their sockets.

    `trouble` says why it has ended by itself: nothing can be computed here at all.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, opened: Callable[[], None]) -> None:
        super().__init__(config)
        self.lab = app
        self.opened = opened
        self.trouble = ""
        self._judging: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            # What was imported stays: the collector need not look through it each time, which held the pages up.
            gc.collect()
            gc.freeze()
            self.opened()
            self._judging = asyncio.create_task(self._end_if_hopeless())

    async def _end_if_hopeless(self) -> None:
        """End a lab whose workers could never start, as where the device that was named is not there."""
        pool = self.lab.state.hub.pool
        await pool.wait_ready()
        if pool.trouble:
            self.trouble = pool.trouble
            self.lab.state.draining = self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the pages that the lab stops, then stop."""
        if self._judging:
            self._judging.cancel()
        await self.lab.state.hub.stop()
        await super().shutdown(sockets)
        if self.force_exit:
            # uvicorn leaves the lab's end undone then, and the end of the loop would break it off with a stack trace.
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop gracefully at the first signal, at once at the second."""
        self.lab.state.draining = True
        self.force_exit = self.should_exit
        if self.force_exit:
            asyncio.get_running_loop().call_soon_threadsafe(self.lab.state.hurry)
        super().handle_exit(sig, frame)


def serve_lab(browser: bool, **options: Any) -> None:
    """Serve the lab until a signal stops it; `options` are those settings that the user named.

    Raises:
        LabError: a setting is wrong, the port cannot be had, or no worker can start here.
    """
    settings = make_settings(options)
    configure_logs(settings.log_level, settings.log_form)
    listener = open_listener(settings.host, list_ports(settings))
    chosen = {
        "token": choose_token(settings),
        "data_dir": choose_folder(settings),
        "kept_megabytes": choose_megabytes(settings),
    }
    settings = settings.model_copy(update=chosen)
    address = lab_address(settings.host, listener.getsockname()[1], settings.token)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **SOCKET_OPTIONS,
    )
    # uvicorn raises a signal again once it has shut down; to this program that is an orderly end.
    signal.signal(signal.SIGTERM, note_signal)
    signal.signal(signal.SIGINT, note_signal)
    server = LabServer(config, app, lambda: announce_lab(address, browser))
    server.run(sockets=[listener])
    if server.trouble:
        raise LabError(server.trouble)


def note_signal(sig: int, frame: FrameType | None) -> None:
    """Take note of a signal that has been served already."""


def make_settings(options: dict[str, Any]) -> Settings:
    """Make the settings from options and the environment; an option wins.

    Raises:
        ConfigError: one of them is wrong.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(name, f"{first['msg'][:1].lower()}{first['msg'][1:]}, got {first['input']!r}") from None


def list_ports(settings: Settings) -> Sequence[int]:
    """Give the ports to try: the one that was asked for, or where none was, the usual one and those after it."""
    if "port" in settings.model_fields_set:
        return [settings.port]
    return range(settings.port, settings.port + PORTS_TRIED)


def open_listener(host: str, ports: Sequence[int]) -> socket.socket:
    """Listen at the first port that is free.

    Raises:
        LabError: they are all taken, or the address cannot be listened at.
    """
    for port in ports:
        try:
            return listen_at(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise LabError(f"host: cannot listen at {host}:{port}: {error.strerror}") from None
    tried = f"{ports[0]} is" if len(ports) == 1 else f"{ports[0]} to {ports[-1]} are all"
    raise LabError(f"port: {tried} taken by another program; choose another with --port, or any with --port 0")


def listen_at(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Raises:
        OSError: the host is unknown, or the port cannot be had.
    """
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option means that two programs may share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def choose_token(settings: Settings) -> str:
    """Give the token that the lab asks for: the operator's, or a new one where others can reach the lab."""
    if settings.token is not None:
        return settings.token
    # Further names are for others: those who come through a proxy or a tunnel.
    is_reachable = ANY_ADDRESS in lab_names(settings.host) or bool(settings.allowed_hosts)
    return secrets.token_urlsafe(TOKEN_BYTES) if is_reachable else ""


def choose_folder(settings: Settings) -> Path | None:
    """Give the folder to keep sessions in: the one that was said, or one of the user's own, if it can be had."""
    if "data_dir" in settings.model_fields_set or not settings.kept_megabytes:
        return settings.data_dir
    try:
        folder = find_data()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
        reason = f"{folder} cannot be written to"
    except (OSError, RuntimeError) as error:
        reason = str(error)
    logger.warning("sessions end with this lab, as it has no folder to keep them in: %s", reason)
    return None


def choose_megabytes(settings: Settings) -> int:
    """Give how much the kept sessions may take: what was said, and less in a folder that nobody has named."""
    is_named = not {"data_dir", "kept_megabytes"}.isdisjoint(settings.model_fields_set)
    return settings.kept_megabytes if is_named else OWN_MEGABYTES


def lab_address(host: str, port: int, token: str | None = None) -> str:
    """Give the address to open in a browser on this machine; its fragment has the token, which is never sent."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    address = f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"
    return f"{address}#token={token}" if token else address


def announce_lab(address: str, browser: bool) -> None:
    """Print the one line that tells people and programs where the lab is, and open it where there is a screen."""
    sys.stdout.write(f"The lab is open at {address}\n")
    sys.stdout.flush()
    if browser and has_screen():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def has_screen() -> bool:
    """Tell whether a browser could show a window; without one, a text browser would take over the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
