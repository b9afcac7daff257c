"""Pairings that come, change and go while the agent runs."""

import asyncio
import json
import logging

import pytest

from print_agent.connection import links as links_module
from print_agent.protocol import messages as p
from print_agent.spool.job import State

from tests.fakes.badges import J1, J2, PDF, make_job
from tests.fakes.indico import TOKEN, FakeServer, pairing_file
from tests.fakes.linked_desk import PairedDesk


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(links_module, 'WATCH_INTERVAL', 0.05)


@pytest.fixture
async def server():
    async with FakeServer() as server:
        yield server


def write(desk_folder, server, name='test-1', **values):
    path = pairing_file(desk_folder / 'pairings', server.url, name)
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    return path


async def test_paired_anew_while_it_runs(tmp_path, server, caplog):
    caplog.set_level(logging.INFO, 'print_agent')
    write(tmp_path, server, agent_name='Old')
    async with PairedDesk(tmp_path) as desk:
        await server.until(lambda: server.now)
        await server.send(make_job(J1), PDF)
        await server.until(lambda: server.said(p.Accepted))
        # as Indico does: the code is used, the old link is thrown off, then the file is written
        await server.now.close(4001)
        await asyncio.sleep(0.1)
        write(tmp_path, server, agent_name='New')
        await server.until(lambda: len(server.hellos) == 2)
        assert [held.job for held in server.hellos[1].holding] == [J1]
        (link,) = desk.links.all
        await server.until(lambda: link.state == 'stream')
        assert (link.pairing.agent_name, link.replaced) == ('New', False)
    assert 'another' not in caplog.text
    assert 'somewhere else' not in caplog.text


async def test_pairings_come_and_go(tmp_path, server):
    """A new pairing is used and a removed one lets go of its badges."""
    path = write(tmp_path, server)
    async with PairedDesk(tmp_path) as desk:
        await server.until(lambda: server.now)
        other = write(tmp_path, server, 'test-2')
        await server.until(lambda: len(server.hellos) == 2)
        assert {link.pairing.id for link in desk.links.all} == {'test-1', 'test-2'}
        other.unlink()
        await server.until(lambda: len(desk.links.all) == 1)

        await server.until(lambda: server.said(p.Drain))
        waiting = desk.spool.store('test-1', make_job(J1), PDF, state=State.waiting)
        unknown = desk.spool.store('test-1', make_job(J2), PDF, state=State.go)
        unknown = desk.spool.end(unknown, State.unknown, 'x')
        path.unlink()
        await server.until(lambda: not desk.links.all)
        assert [m.job for m in server.said(p.Returned)] == [J1]
        assert desk.spool.get(waiting.seq).state is State.returned
        # nobody will ask for it any more, so it does not stay for ever
        assert desk.spool.unacked('test-1') == []


@pytest.mark.parametrize('event_id', [1, 2])
async def test_outcomes_are_sent_to_no_other_event(tmp_path, server, event_id):
    write(tmp_path, server, agent_name='Old')
    async with PairedDesk(tmp_path) as desk:
        server.auto_ack = False
        await server.until(lambda: server.now)
        desk.spool.end(desk.spool.store('test-1', make_job(J1), PDF, state=State.go), State.failed, 'x')
        write(tmp_path, server, agent_name='New', event_id=event_id)
        await server.until(lambda: len(server.hellos) == 2)
        assert [held.job for held in server.hellos[1].holding] == ([J1] if event_id == 1 else [])


async def test_a_file_that_cannot_be_used_changes_nothing(tmp_path, server, caplog):
    path = write(tmp_path, server)
    async with PairedDesk(tmp_path) as desk:
        await server.until(lambda: server.now)
        path.write_text('{')
        await server.until(lambda: 'not a pairing' in caplog.text)
        await asyncio.sleep(0.2)
        assert caplog.text.count('not a pairing') == 1
        assert [link.state for link in desk.links.all] == ['stream']
        assert TOKEN not in caplog.text
