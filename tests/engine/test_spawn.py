"""What a worker is told when it starts."""

from pathlib import Path

import pytest

from server.engine.spawn import list_options
from server.settings import Settings


def test_a_lab_whose_user_has_no_home_starts_workers_that_keep_no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_none() -> Path:
        raise RuntimeError("nobody knows where this user is at home")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", find_none)
    assert list_options(Settings(compile=True))[-2:] == ["", "yes"]
