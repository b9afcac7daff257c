"""The whole agent: it ends when it is stopped, and not half of it."""

import asyncio

import pytest

from print_agent.agent import Agent, backends
from print_agent.config import Config
from print_agent.connection import pairing
from print_agent.spool.housekeeping import Housekeeping
from print_agent.spool.store import Spool

from tests.fakes.badges import PDF, make_job
from tests.fakes.indico import FakeServer, pairing_file
from tests.fakes.program import FOLDERS_ONLY, invoke


def test_half_an_agent_ends_with_a_sentence_and_an_exit_code(tmp_path, monkeypatch):
    async def broken(_self):
        raise ZeroDivisionError

    (tmp_path / 'agent.toml').write_text(FOLDERS_ONLY)
    (tmp_path / 'out').mkdir()
    pairing_file(tmp_path / 'pairings', 'ws://127.0.0.1:9/ws')
    monkeypatch.setattr(Housekeeping, 'run', broken)
    done = invoke(tmp_path, 'run')
    assert done.exit_code == 1
    assert 'error of its own ("housekeeping")' in done.output


@pytest.mark.parametrize('status', [None, 404])
@pytest.mark.parametrize('turns', [0, 1, 3, 8, 21, 55, 144, 377])
async def test_an_agent_ends_whenever_it_is_stopped(tmp_path, turns, status):
    """After any number of turns of the event loop: while it starts, connects, takes a badge, prints and reports it."""
    (tmp_path / 'out').mkdir()
    async with FakeServer() as server:
        server.refuse_upgrade = status
        paired = pairing.load(pairing_file(tmp_path / 'pairings', server.url))
        config = Config(folder=tmp_path, spool=tmp_path, cups=False, folders={'desk1': tmp_path / 'out'}, page_port=0)
        spool = Spool(config.database)
        agent = Agent(config, [paired], backends(config), spool)
        before = asyncio.all_tasks()
        running = asyncio.create_task(agent.run())
        if turns > 21:
            await server.until(lambda: server.now if status is None else agent.links[0].problem, 30)
        if server.now:
            await server.send(make_job(go=True), PDF)
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running], timeout=30)
        assert running.cancelled()
        left = {task for task in asyncio.all_tasks() - before if 'FakeServer' not in repr(task.get_coro())
                and 'websockets' not in repr(task)}
        assert left == set()
        spool.close()
