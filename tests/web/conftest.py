"""What the tests of the socket share."""

from collections.abc import AsyncIterator

import pytest_asyncio

from server.engine.pool import Pool
from tests.tools.page import Place, open_socket


@pytest_asyncio.fixture(loop_scope="module")
async def place(pool: Pool) -> AsyncIterator[Place]:
    """A socket with no sessions yet."""
    async with open_socket(pool) as place:
        yield place
