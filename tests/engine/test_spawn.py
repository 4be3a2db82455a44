"""What a worker is told when it starts."""

import select
import socket
import sys
from pathlib import Path

import pytest

from server.engine.spawn import inherit_socket, list_options
from server.settings import Settings


def test_a_lab_whose_user_has_no_home_starts_workers_that_keep_no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_none() -> Path:
        raise RuntimeError("nobody knows where this user is at home")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", find_none)
    assert list_options(Settings(compile=True))[-2:] == ["", "yes"]


@pytest.mark.skipif(sys.platform == "win32", reason="a socket has no number there that a process could inherit")
def test_a_worker_of_a_lab_with_a_thousand_connections_can_wait_for_orders(request: pytest.FixtureRequest) -> None:
    import fcntl
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= limits[1] <= 1500:
        pytest.skip("this process may not have so many files")
    request.addfinalizer(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits))
    if 0 <= limits[0] <= 1500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1501, limits[1]))
    near, far = socket.socketpair()
    with near, far:
        number = fcntl.fcntl(near, fcntl.F_DUPFD, 1400)
        with inherit_socket(str(number)) as inherited:
            far.sendall(b"order")
            assert select.select([inherited], [], [], 10.0)[0] == [inherited]
            assert inherited.recv(9) == b"order"
        with pytest.raises(OSError, match="Bad file descriptor"):
            fcntl.fcntl(number, fcntl.F_GETFD)
