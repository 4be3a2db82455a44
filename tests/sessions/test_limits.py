"""An operator's limits hold at every door: a page's first word, a change, a model, a run file."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from server.engine.pool import Pool
from server.errors import ConfigError
from server.gan.catalog import build_catalog
from server.gan.config import check_config
from server.gan.model_file import build_model, count_parameters
from server.gan.trainer import Trainer
from server.protocol.messages import Hello
from server.sessions.hub import Hub
from server.sessions.run_file import read_run, write_run
from tests.tools.engine import open_pool
from tests.tools.sessions import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
SMALL: dict[str, Any] = {"batch_size": 32, "generator": {"width": 8}, "discriminator": {"width": 8}}
WIDE = {**SMALL, "generator": {"width": 9}}
TOO_WIDE = "generator.width: expected at most 219 parameters in all networks together in this lab, got 242"
TOO_MANY = "batch_size: expected at most 32 in this lab, got 33"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def small_pool() -> AsyncIterator[Pool]:
    """A lab that allows SMALL, and nothing larger."""
    async with open_pool(max_parameters=219, max_batch=32) as pool:
        yield pool


def count_refusals(pool: Pool, limit: str) -> float:
    """How often a limit was reached."""
    return pool.telemetry.registry.get_sample_value("ganlab_refusals_total", {"limit": limit}) or 0.0


@pytest.mark.parametrize(
    "plain",
    [
        {},
        SMALL,
        {"techniques": [{"name": "pacgan", "size": 3}], "latent": {"dimension": 5}},
        {"techniques": [{"name": "bigan"}], "latent": {"dimension": 5}},
        {"techniques": [{"name": "weight_norm"}]},
    ],
)
async def test_parameters_are_counted_as_the_networks_have_them(plain: dict[str, Any]) -> None:
    trainer = Trainer(check_config(plain, build_catalog()))
    trained = {name: tensor.numel() for name, tensor in trainer.state.tensors.items() if "." not in name}
    assert count_parameters(trainer.config) == trained


async def test_an_encoder_counts_too(small_pool: Pool) -> None:
    with pytest.raises(ConfigError, match="at most 219 parameters in all networks together"):
        Hub(small_pool.settings, small_pool).join(Hello(config={**SMALL, "techniques": [{"name": "bigan"}]}))


async def test_a_page_that_begins_with_too_large_a_run_is_told_which_number(small_pool: Pool) -> None:
    hub = Hub(small_pool.settings, small_pool)
    for config, words in ((WIDE, TOO_WIDE), ({**SMALL, "batch_size": 33}, TOO_MANY)):
        with pytest.raises(ConfigError) as refusal:
            hub.join(Hello(config=config))
        assert str(refusal.value).startswith(words)
    assert hub.sessions == {}
    assert small_pool.run_count == 0
    assert hub.join(Hello(config=SMALL)).state == "paused"
    await hub.stop()


async def test_a_change_beyond_the_limits_is_refused_and_the_run_stays(small_pool: Pool) -> None:
    desk = Desk(small_pool, SMALL)
    await desk.do("Step", count=3)
    before = count_refusals(small_pool, "batch_size")
    assert (await desk.refuse("Configure", config=WIDE)).startswith(TOO_WIDE)
    assert await desk.refuse("Configure", config={**SMALL, "batch_size": 33}) == TOO_MANY
    assert count_refusals(small_pool, "batch_size") == before + 1
    assert (desk.status.step, desk.status.revision) == (3, 1)
    await desk.do("Step")


async def test_neither_a_model_nor_a_run_file_comes_in_past_the_limits(small_pool: Pool, pool: Pool) -> None:
    catalog, desk = build_catalog(), Desk(small_pool, SMALL)
    await desk.do("Step")
    large = Trainer(check_config(WIDE, catalog))
    with pytest.raises(ConfigError, match="at most 219 parameters"):
        desk.session.begin_at(build_model(large.config, large.state.pack()), "model loaded")
    elsewhere = Desk(pool, SMALL)
    await elsewhere.do("Step", count=2)
    await elsewhere.do("Configure", config={**SMALL, "batch_size": 33})
    await elsewhere.do("Step", count=2)
    branches, current = read_run(write_run(elsewhere.session.branches), catalog)
    with pytest.raises(ConfigError, match="batch_size: expected at most 32"):
        desk.session.open_tree(branches, current)
    assert desk.status.step == 1
    await desk.do("Step")
    assert desk.status.step == 2
