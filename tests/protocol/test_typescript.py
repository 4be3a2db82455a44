"""The page's types are those of the messages."""

from pathlib import Path

import pytest

from server.protocol import typescript


def test_the_written_types_are_up_to_date() -> None:
    assert typescript.TARGET.read_text(encoding="utf-8") == typescript.write_types()


def test_a_client_may_leave_out_what_has_a_default_and_a_server_does_not() -> None:
    written = typescript.write_types()
    assert "  player?: Player;\n" in written
    assert '  type: "step";\n' in written
    assert "  failure: Divergence | null;\n" in written
    assert "  changes: Record<string, [unknown, unknown]>;\n" in written
    assert "  d_loss: (number | null)[];\n" in written
    assert "export type Command = Configure | Play | Pause | Advance | Step | Seek | Back |" in written
    assert '  by?: "step" | "phase";\n' in written


def test_checking_tells_an_old_file_and_leaves_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "protocol.d.ts"
    old.write_text("old")
    monkeypatch.setattr(typescript, "TARGET", old)
    assert typescript.main(["--check"]) == 1
    assert old.read_text() == "old"
    assert typescript.main([]) == 0
    assert typescript.main(["--check"]) == 0
