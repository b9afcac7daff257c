"""How fast an agent may speak."""

import asyncio

from indico_checkin_print.relay.rate_limit import MessageLimit


def test_an_agent_that_speaks_too_fast_waits():
    async def speak():
        pace = MessageLimit(1000, 5)
        return [await pace.wait() for __ in range(8)]
    waits = asyncio.run(speak())
    assert waits[:5] == [False] * 5
    assert True in waits[5:]
