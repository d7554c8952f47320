"""How long the broker may take to answer, in one place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.errors import BrokerUnreachable

ANSWER_S = 5.0
"""How long the broker may take to accept a connection, and to answer CONNECT and SUBSCRIBE."""


@asynccontextmanager
async def patience(sentence: str) -> AsyncIterator[None]:
    """Wait for an answer of the broker, and say what it did not answer where it takes too long."""
    try:
        async with asyncio.timeout(ANSWER_S):
            yield
    except TimeoutError as error:
        raise BrokerUnreachable(f"{sentence} within {ANSWER_S:g} s") from error
