"""`ganlab serve`: where it listens, what it says, and how it ends."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from server.commands.serve import (
    choose_folder,
    choose_megabytes,
    choose_token,
    lab_address,
    list_ports,
    listen_at,
    make_settings,
    open_listener,
)
from server.errors import ConfigError, LabError
from server.settings import Settings, find_cache, find_data
from tests.tools.lab import ROOT


@contextmanager
def start_lab(*options: str) -> Iterator["subprocess.Popen[str]"]:
    """Start `ganlab` with one worker and no browser; it is killed on the way out where it still runs."""
    command = [sys.executable, "-m", "server", "--no-browser", "--workers", "1", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_address(process: "subprocess.Popen[str]") -> str:
    """Give the address that a starting lab prints."""
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("The lab is open at http://127.0.0.1:"), line
    return line.split()[-1]


def list_session(process: "subprocess.Popen[str]") -> list[int]:
    """Give the processes that were started by a lab, itself not among them."""
    listed = subprocess.run(["ps", "-eo", "pid=,sid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, sid, state in rows if int(sid) == process.pid != int(pid) and "Z" not in state]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port of the loopback that another program listens at."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_the_lab_says_once_where_it_is_and_answers_there() -> None:
    with start_lab("--port", "0") as process:
        address = read_address(process)
        with urllib.request.urlopen(f"{address}healthz", timeout=10) as answer:
            assert json.load(answer) == {"status": "ok"}
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ("", "", 0)


def test_a_plain_lab_keeps_its_sessions_where_only_its_user_can_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "of mine"))

    def greet(process: "subprocess.Popen[str]", key: str | None) -> dict[str, Any]:
        """Say hello, change something, and kill the lab at the answer."""
        with connect(read_address(process).replace("http://", "ws://") + "ws") as page:
            page.send(json.dumps({"type": "hello", "session": key}))
            welcome: dict[str, Any] = json.loads(page.recv(timeout=60))
            page.send(json.dumps({"type": "rename", "id": 1, "branch": 1, "name": "mine"}))
            while json.loads(page.recv(timeout=60))["type"] != "done":
                pass
            process.kill()
        return welcome

    with start_lab("--port", "0") as process:
        first = greet(process, None)
    with start_lab("--port", "0") as process:
        second = greet(process, first["session"])
    assert (second["session"], second["restored"]) == (first["session"], True)
    folder = tmp_path / "of mine" / "ganlab"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_the_folder_that_is_said_is_taken_and_an_empty_one_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    assert choose_folder(make_settings({"data_dir": str(tmp_path / "said")})) == tmp_path / "said"
    assert choose_folder(make_settings({"data_dir": ""})) is None
    monkeypatch.setenv("GANLAB_DATA_DIR", "")
    assert choose_folder(make_settings({})) is None
    monkeypatch.delenv("GANLAB_DATA_DIR")
    assert choose_folder(Settings(kept_megabytes=0)) is None
    assert list(tmp_path.iterdir()) == []
    assert choose_folder(make_settings({})) == tmp_path / "own" / "ganlab"


def test_a_lab_that_can_have_no_folder_of_its_own_says_so_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "a file"))
    assert choose_folder(make_settings({})) is None
    assert "sessions end with this lab" in caplog.text


def test_a_folder_that_cannot_be_written_to_is_called_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    # As on a disk that is mounted for reading only, which a test cannot have; who runs it may be allowed everything.
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert choose_folder(make_settings({})) is None
    assert f"{tmp_path / 'ganlab'} cannot be written to" in caplog.text


def test_a_relative_folder_in_the_environment_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path) if variable == "HOME" else "here")
    assert (find_data(), find_cache()) == (tmp_path / ".local/share/ganlab", tmp_path / ".cache/ganlab")


def test_a_folder_that_nobody_named_is_kept_small_unless_it_is_said_how_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"data_dir": str(tmp_path)}
    options: list[dict[str, Any]] = [{}, named, {"kept_megabytes": 2000}, {**named, "kept_megabytes": 3}]
    assert [choose_megabytes(make_settings(option)) for option in options] == [256, 1024, 2000, 3]
    monkeypatch.setenv("GANLAB_KEPT_MEGABYTES", "0")
    assert choose_megabytes(make_settings({})) == 0


def test_a_named_port_that_is_taken_is_one_sentence_and_exit_code_1(taken_port: int) -> None:
    with start_lab("--port", str(taken_port)) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"ganlab: port: {taken_port} is taken by another program")
    assert err.count("\n") == 1


def test_a_named_port_is_the_only_one_that_is_tried() -> None:
    assert list(list_ports(Settings(port=8000))) == [8000]
    assert list(list_ports(Settings()))[:3] == [8000, 8001, 8002]


def test_a_taken_port_gives_way_to_the_next_free_one(taken_port: int) -> None:
    with open_listener("127.0.0.1", range(taken_port, taken_port + 20)) as listener:
        assert taken_port < listener.getsockname()[1] < taken_port + 20


def test_an_address_that_is_not_ours_is_refused_in_words() -> None:
    with pytest.raises(LabError, match=r"^host: cannot listen at 192\.0\.2\.1:0: "):
        open_listener("192.0.2.1", [0])


def test_a_lab_whose_device_is_not_there_ends_and_says_so() -> None:
    missing = "cuda" if torch.backends.mps.is_available() else "mps"
    with start_lab("--port", "0", "--device", missing) as process:
        _, said = process.communicate(timeout=90)
    assert process.returncode == 1
    assert said.splitlines()[-1] == f"ganlab: device: expected one that this machine has, got {missing}"
    assert "Traceback" not in said
    assert list_session(process) == []


def test_a_lab_with_a_page_open_and_a_run_training_ends_within_five_seconds() -> None:
    with start_lab("--port", "0") as process:
        address = read_address(process).replace("http://", "ws://")
        with connect(f"{address}ws") as page:
            page.send(json.dumps({"type": "hello"}))
            page.send(json.dumps({"type": "play", "id": 1}))
            while json.loads(page.recv(timeout=60))["type"] != "done":
                pass
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(ConnectionClosed):
                while page.recv(timeout=10):
                    pass
        assert process.wait(20) == 0
        assert time.monotonic() - began < 5
        assert page.close_code == 1012
        assert list_session(process) == []


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_lab_and_its_workers_at_once(again: signal.Signals) -> None:
    with start_lab("--port", "0") as process:
        read_address(process)
        process.send_signal(signal.SIGTERM)
        process.send_signal(again)
        assert process.wait(10) == 0


def test_a_killed_lab_leaves_no_worker_behind() -> None:
    with start_lab("--port", "0") as process:
        read_address(process)
        workers = list_session(process)
        process.kill()
        process.wait(10)
        deadline = time.monotonic() + 20
        while list_session(process) and time.monotonic() < deadline:
            os.sched_yield()
        assert workers
        assert list_session(process) == []


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::", "http://[::1]:8000/"),
        ("lab.example", "http://lab.example:8000/"),
    ],
)
def test_the_address_is_one_to_open_on_this_machine(host: str, address: str) -> None:
    assert lab_address(host, 8000) == address


def test_a_lab_that_others_can_reach_makes_a_token_and_its_link_carries_it() -> None:
    token, other = (choose_token(Settings(host="0.0.0.0")) for _ in range(2))
    assert len(token) >= 43
    assert len(choose_token(Settings(host="127.0.0.1", allowed_hosts=("lab.school.example",)))) >= 43
    assert token != other
    assert lab_address("0.0.0.0", 8000, token) == f"http://127.0.0.1:8000/#token={token}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_lab_of_this_machine_alone_asks_for_none(host: str) -> None:
    assert choose_token(Settings(host=host)) == ""
    assert lab_address(host, 8000, "") == lab_address(host, 8000)


def test_an_operator_chooses_the_token_or_an_open_door() -> None:
    assert choose_token(Settings(host="0.0.0.0", token="chosen-by-the-school")) == "chosen-by-the-school"
    assert choose_token(Settings(host="0.0.0.0", token="")) == ""
    with pytest.raises(ConfigError, match=r"^token: "):
        make_settings({"token": "short"})


def test_two_labs_cannot_listen_at_one_port(taken_port: int) -> None:
    with pytest.raises(OSError, match="in use"):
        listen_at("127.0.0.1", taken_port)


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANLAB_PORT", "9001")
    assert make_settings({"port": None}).port == 9001
    assert make_settings({"port": 9002}).port == 9002


@pytest.mark.parametrize(
    ("name", "value"), [("GANLAB_PORT", "soon"), ("GANLAB_WORKERS", "0"), ("GANLAB_DEVICE", "tpu")]
)
def test_a_wrong_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"^{name.removeprefix('GANLAB_').lower()}: .*got '{value}'$"):
        make_settings({})
