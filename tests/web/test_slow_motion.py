"""A real socket, a real worker: phases, limits, and a run that nobody looks at."""

from typing import Any

import pytest

from server.protocol.frames import decode_frame
from tests.tools.page import Page, Place, open_page

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def advance(page: Page) -> dict[str, Any]:
    """Go through one phase; the phase that the page is told."""
    assert (await page.command("advance"))["type"] == "done"
    phase: dict[str, Any] = page.status["phase"]
    return phase


async def test_p50_and_p51_the_discriminator_plays_its_phases_and_then_the_generator(place: Place) -> None:
    async with open_page(place.url) as page:
        phases = []
        for number in range(1, 13):
            phases.append(await advance(page))
            assert (page.status["state"], page.status["step"]) == (("stepping", 0) if number < 12 else ("paused", 1))
        names = ["sample", "generate", "classify", "loss", "backward", "update"]
        assert [(phase["player"], phase["name"]) for phase in phases] == [
            *(("discriminator", name) for name in names),
            *(("generator", name) for name in names),
        ]
        assert [set(phases[i]["numbers"]) for i in (3, 9)] == [{"d_loss"}, {"g_loss"}]
        assert page.rows() == [(1, phases[3]["numbers"]["d_loss"], phases[9]["numbers"]["g_loss"])]
        assert (await advance(page))["step"] == 2


async def test_p52_slow_motion_goes_from_phase_to_phase_and_pauses_inside_the_step(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("play", phases_per_second=20.0)
        await page.until(lambda: (page.status["phase"] or {}).get("number") == 4)
        assert page.status["state"] == "running"
        await page.command("pause")
        assert (page.status["state"], page.status["step"]) == ("stepping", 0)
        held = page.status["phase"]
        await page.command("pause")
        assert page.status["phase"] == held


async def test_f18_play_and_step_finish_the_step_that_slow_motion_was_left_in(place: Place) -> None:
    async with open_page(place.url) as page, open_page(place.url) as undisturbed:
        await advance(page)
        assert (await page.command("step"))["step"] == 1
        assert (page.status["state"], page.status["phase"]) == ("paused", None)
        await advance(page)
        await page.train(30)
        await undisturbed.train(page.status["step"])
        assert page.rows() == undisturbed.rows()[: len(page.rows())]


async def test_f20_a_reset_inside_a_step_leaves_no_phase(place: Place) -> None:
    async with open_page(place.url) as page:
        await advance(page)
        await page.command("reset")
        assert (page.status["state"], page.status["phase"]) == ("paused", None)


async def test_f19_a_page_that_is_loaded_inside_the_first_step_gets_every_picture(place: Place) -> None:
    async with open_page(place.url) as page:
        session = page.messages[0]["session"]
        await advance(page)
    async with open_page(place.url, session=session) as page:
        welcome = page.messages[0]["status"]
        assert (welcome["state"], welcome["phase"]["name"]) == ("stepping", "sample")
        await page.say(type="watch", layers=("real", "generated", "surface"))
        await page.say(type="credit", count=2)
        await page.until(lambda: bool(page.frames))
        arrays, metadata = decode_frame(page.frames[0])
        assert set(arrays) == {"x_real", "x_fake", "surface"}
        assert metadata["phase"] == "discriminator 1 sample"


async def test_f23_a_run_to_a_step_stops_there_and_says_so(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("play", until=40)
        await page.until(lambda: page.status["reason"] is not None)
        assert (page.status["state"], page.status["step"]) == ("paused", 40)
        assert page.status["reason"] == "Reached step 40, where it was to stop."
        await page.until(lambda: any(mark["text"] == "stopped by itself" for mark in page.all("mark")))
        assert page.all("mark")[-1]["step"] == 40
        refusal = await page.command("play", until=40)
        assert refusal["message"] == "play: until: expected a step after 40, where the run is, got 40"
        await page.command("step")
        assert page.status["reason"] is None


async def test_f23_a_run_stops_when_its_js_divergence_is_under_the_limit(place: Place) -> None:
    async with open_page(place.url) as page:
        await page.command("play", stop={"metric": "grid_js", "below": 1.1})
        await page.until(lambda: page.status["reason"] is not None)
        assert page.status["state"] == "paused"
        assert page.status["reason"].startswith("Stopped at step 50: JS divergence is 0.")
        assert page.status["reason"].endswith(", under 1.1.")


async def test_f23_training_goes_on_while_the_page_is_hidden(place: Place) -> None:
    """A hidden tab paints nothing, so it grants no credit for frames."""
    async with open_page(place.url) as page:
        await page.say(type="watch", layers=("generated",))
        await page.say(type="credit", count=1)
        await page.command("play", until=300)
        await page.until(lambda: page.status["reason"] is not None)
        assert page.status["step"] == 300
        assert len(page.frames) == 1
        assert [row[0] for row in page.rows()] == list(range(1, 301))
