"""What the monitor says reaches a session once, stays in its history, and is cut with its branches. Real workers."""

from typing import Any

import pytest

from server.engine.pool import Pool
from server.protocol.events import Verdict
from server.sessions.timeline import Timeline
from tests.tools.engine import EXPLODING
from tests.tools.sessions import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
COLLAPSING: dict[str, Any] = {
    "data": {"name": "line"},
    "generator": {"hidden_layers": 4, "width": 4},
    "discriminator": {"hidden_layers": 1, "width": 2},
    "d_optimizer": {"name": "sgd", "learning_rate": 1e-5},
    "g_optimizer": {"name": "sgd", "learning_rate": 1e-5},
    "batch_size": 8,
}
"""A run that hardly moves: its points stay in the clump in which they begin."""
ENOUGH = 400


def list_told(timeline: Timeline, kind: str = "mode_collapse") -> list[tuple[int, int]]:
    """Where each verdict of a kind in a history began, and when it was told."""
    return [(one.began_at, one.step) for one in timeline.events if isinstance(one, Verdict) and one.kind == kind]


async def test_a_page_is_told_once_and_so_is_one_that_comes_later(pool: Pool) -> None:
    desk = Desk(pool, COLLAPSING)
    await desk.play_to(ENOUGH)
    assert list_told(desk.session.timeline) == [(0, 300)]
    await desk.play_to(ENOUGH + 200)
    assert list_told(desk.session.timeline) == [(0, 300)]
    late = desk.session.attach(0, lambda: None)
    texts = [text for text in desk.session.take(late) if isinstance(text, str) and '"type":"verdict"' in text]
    assert len([text for text in texts if '"kind":"mode_collapse"' in text]) == 1
    desk.session.close()


async def test_going_back_and_along_the_record_tells_nothing_twice(pool: Pool) -> None:
    desk = Desk(pool, COLLAPSING)
    await desk.play_to(ENOUGH)
    told = list_told(desk.session.timeline)
    await desk.do("Seek", step=20)
    await desk.do("Play")
    await desk.rest()
    await desk.play_to(ENOUGH + 400)
    assert list_told(desk.session.timeline) == told
    desk.session.close()


async def test_a_branch_has_the_verdicts_up_to_where_it_leaves_and_its_own(pool: Pool) -> None:
    desk = Desk(pool, COLLAPSING)
    await desk.play_to(ENOUGH + 50)
    told = list_told(desk.session.timeline)
    await desk.do("Seek", step=100)
    await desk.do("Configure", config=COLLAPSING | {"d_updates": 2})
    assert list_told(desk.session.timeline) == []
    await desk.play_to(100 + ENOUGH)
    assert list_told(desk.session.timeline) == [(150, 450)]
    await desk.do("Switch", branch=1)
    assert list_told(desk.session.timeline) == told
    await desk.do("Seek", step=ENOUGH)
    await desk.do("Step", player="generator")
    assert list_told(desk.session.timeline) == told
    desk.session.close()


async def test_a_step_of_one_player_alone_begins_the_watch_anew_also_in_the_past(pool: Pool) -> None:
    desk = Desk(pool, COLLAPSING)
    await desk.play_to(200)
    await desk.do("Step", player="generator")
    await desk.play_to(650)
    assert list_told(desk.session.timeline) == [(250, 550)]
    await desk.do("Seek", step=100)
    await desk.do("Step", player="generator")
    await desk.play_to(500)
    assert list_told(desk.session.timeline) == [(150, 450)]
    desk.session.close()


async def test_a_worker_that_is_given_the_run_again_does_not_repeat_what_was_told(pool: Pool) -> None:
    desk = Desk(pool, COLLAPSING)
    await desk.play_to(ENOUGH)
    told = list_told(desk.session.timeline)
    desk.session._run.resume()  # as from a worker that does not know it
    await desk.play_to(2 * ENOUGH)
    assert list_told(desk.session.timeline) == told
    await desk.do("Configure", config=COLLAPSING | {"g_updates": 2})
    await desk.play_to(3 * ENOUGH)
    assert list_told(desk.session.timeline) == [*told, (2 * ENOUGH + 50, 2 * ENOUGH + 350)]
    desk.session.close()


async def test_a_run_that_breaks_is_named_with_slower_steps_to_try(pool: Pool) -> None:
    desk = Desk(pool, dict(EXPLODING))
    await desk.do("Play")
    await desk.rest()
    assert desk.status.failure is not None
    (verdict,) = [one for one in desk.session.timeline.events if isinstance(one, Verdict)]
    assert (verdict.kind, verdict.began_at) == ("diverged", desk.status.failure.step)
    assert [list(remedy.changes.values()) for remedy in verdict.remedies] == [[1.0, 1.0], [1.0]]
    await desk.do("Seek", step=0)
    await desk.do("Play")
    await desk.rest()
    assert len(list_told(desk.session.timeline, "diverged")) == 1
    desk.session.close()
