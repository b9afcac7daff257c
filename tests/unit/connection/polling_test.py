"""Polling: what it carries, when it comes again, and what it says if nothing works."""

import asyncio
import re
from uuid import UUID

import httpx
import pytest

from print_agent.connection import polling as poll_module
from print_agent.connection.close_reasons import Why
from print_agent.connection.polling import Poller
from print_agent.connection.proxy import Network
from print_agent.jobs.manager import Jobs
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, J9, PDF, make_job
from tests.fakes.indico import FakeServer
from tests.fakes.linked_desk import PRINTERS, LinkedDesk


@pytest.fixture
async def server():
    async with FakeServer() as server:
        yield server


async def test_polling_carries_everything(tmp_path, server):
    server.documents = {f'{J1}/1': PDF}
    server.replies = [p.Welcome(), make_job(go=True)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.said(p.Completed))
        assert server.connections == 0
        assert desk.link.state == 'poll'
        assert desk.backend.submitted[0].document == PDF
        assert server.said(p.Accepted)
        await server.until(lambda: not desk.jobs.owed('a'))
        assert server.polls[0].hello.printers == PRINTERS


async def test_an_outcome_does_not_wait_for_the_next_poll(tmp_path, server):
    server.documents = {f'{J1}/1': PDF}
    server.next_in = 3600.0
    server.replies = [make_job(go=True)]
    async with LinkedDesk(tmp_path, server, mode='poll'):
        await server.until(lambda: server.said(p.Completed))


async def test_a_failed_poll_loses_nothing(tmp_path, server):
    server.documents = {f'{J1}/1': PDF}
    server.replies = [make_job()]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.spool.find('a', J1))
        server.poll_status = 500
        await server.until(lambda: desk.link.state == 'down')
        desk.jobs.go('a', p.Go(job=J1, dispatch=1))
        await asyncio.sleep(0.05)
        server.poll_status = 200
        await server.until(lambda: server.said(p.Completed))
        assert server.said(p.Accepted)


async def test_a_document_that_is_gone_returns_the_job(tmp_path, server):
    server.replies = [make_job(go=True)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.said(p.Returned))
        assert server.said(p.Returned)[0].reason == 'document_unavailable'
        assert desk.spool.find('a', J1) is None


async def test_polling_with_a_revoked_token_is_described(tmp_path, server):
    async with LinkedDesk(tmp_path, server, mode='poll', token='icpa_old') as desk:
        await server.until(lambda: 'pair it again' in desk.link.problem)


async def test_what_happened_between_two_polls_is_sent_in_its_order(tmp_path, server):
    """A printer that cannot say when a badge is done is through with it before the next poll."""
    server.poll_status = 500
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        desk.backend.end = Outcome('sent')
        await desk.jobs.receive('a', make_job(go=True), PDF)
        await server.until(lambda: desk.jobs.owed('a'))
        server.poll_status = 200
        await server.until(lambda: server.said(p.Sent))
        words = [type(message) for message in server.polls[-1].messages]
        assert words == [p.Accepted, p.Printing, p.Sent]


async def test_a_link_by_polling_begins_until_it_is_answered(tmp_path, server):
    server.poll_status = 500
    async with LinkedDesk(tmp_path, server, mode='poll'):
        await server.until(lambda: len(server.polls) > 1)
        assert all(poll.begins for poll in server.polls)
        server.poll_status, answered = 200, len(server.polls)
        await server.until(lambda: len(server.polls) > answered + 2)
        assert not any(poll.begins for poll in server.polls[-2:])
        assert len({poll.link for poll in server.polls}) == 1
        assert server.polls[0].link


async def test_an_older_poller_waits_for_the_newer(tmp_path, server):
    """An older poller says why it gets nothing and is back when the other is gone."""
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        server.poll_status, server.poll_error = 409, {'error': 'replaced'}
        await server.until(lambda: 'speaks from another computer' in desk.link.problem)
        assert desk.link.state == 'down'
        server.poll_status = 200
        await server.until(lambda: desk.link.state == 'poll')
        # as the one that it was: one that begins would have thrown out the other one
        assert not any(poll.begins for poll in server.polls[1:])


async def test_a_job_with_a_slow_document_is_clocked_from_its_header(tmp_path, server, monkeypatch):
    monkeypatch.setattr(poll_module, 'MAX_FETCHES', 1)
    server.documents = {f'{J1}/1': PDF}
    server.replies = [make_job(go=True, print_within=0.0)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.spool.find('a', J1))
        desk.jobs.tick()
        assert desk.spool.find('a', J1).state is State.returned
        assert desk.backend.submitted == []


async def test_a_poll_never_says_more_than_is_read(tmp_path, server):
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.polls)
        server.poll_gate.clear()
        for number in range(400):
            desk.link.put(p.Failed(job=str(UUID(int=number)), dispatch=1, reason='x', detail='ä' * 2000))
        server.poll_gate.set()
        await server.until(lambda: sum(len(poll.messages) for poll in server.polls) >= 400)
    said = [m.job for poll in server.polls for m in poll.messages if isinstance(m, p.Failed)]
    assert said == [str(UUID(int=number)) for number in range(400)]
    assert all(len(p.encode(poll)) < 2 * p.MAX_MESSAGE for poll in server.polls)


async def test_a_late_answer_to_a_poll_is_as_old_as_the_question(tmp_path, server):
    server.documents = {f'{J1}/1': PDF}
    server.poll_gate.clear()
    server.replies = [make_job(go=True, print_within=0.3)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.polls)
        await asyncio.sleep(0.5)
        server.poll_gate.set()
        await server.until(lambda: desk.spool.find('a', J1))
        desk.jobs.tick()
        assert desk.spool.find('a', J1).state is State.returned
        assert desk.backend.submitted == []


async def test_polling_stays_away_as_well(tmp_path, server):
    server.poll_status, server.retry_after = 503, '200'
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: 'HTTP 503' in desk.link.problem)
        await asyncio.sleep(0.3)
        assert len(server.polls) == 1
        server.poll_status = 200
        desk.link.wake()
        await server.until(lambda: desk.link.state == 'poll')


async def test_polls_have_a_shortest_pause(tmp_path, server, monkeypatch):
    monkeypatch.setattr(poll_module, 'MIN_PAUSE', 3600.0)
    server.next_in = 0.0
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        await asyncio.sleep(0.3)
        assert len(server.polls) == 1


async def test_urgent_polls_have_a_shortest_pause(tmp_path, server, monkeypatch):
    """A server that answers each "not here" with the same go again must not be asked without a pause."""
    monkeypatch.setattr(poll_module, 'MIN_URGENT_PAUSE', 3600.0)
    server.replies = [p.Go(job=J9, dispatch=1)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        await asyncio.sleep(0.3)
        assert len(server.polls) == 1


async def test_a_login_page_of_the_network_is_named(tmp_path, server):
    server.poll_status = 302
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: 'login page' in desk.link.problem)


async def test_another_version_is_named_by_polling_too(tmp_path, server):
    server.poll_status = 400
    server.poll_error = {'error': 'version', 'message': 'This Indico speaks version 2 of the protocol.'}
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: 'This Indico speaks version 2' in desk.link.problem)


@pytest.mark.parametrize(('error', 'words'), [
    (httpx.ConnectError('All connection attempts failed'), 'Indico cannot be reached; check the network'),
    (httpx.ConnectTimeout(''), 'Indico does not answer in time'), (httpx.ReadTimeout(''), 'Indico does not answer in'),
    (httpx.RemoteProtocolError('x'), r'no answer from Indico \(RemoteProtocolError\)')])
async def test_a_silent_indico_is_described(tmp_path, error, words):
    def silent(_request):
        raise error

    texts = []
    spool = Spool(tmp_path / 'spool.sqlite3')
    poller = Poller('http://localhost/poll', 'http://localhost/d', 't', 'link', 'a', Jobs(spool), tuple,
                    network=Network(), failed=lambda failure: texts.append(failure.detail) or poller.stop(),
                    transport=httpx.MockTransport(silent))
    await asyncio.wait_for(poller.run(), 30)
    assert re.match(words, texts[0])
    spool.close()


async def test_a_server_that_asks_to_slow_down_is_left_alone(tmp_path, server):
    server.poll_status, server.retry_after = 429, '200'
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: 'slow down (HTTP 429)' in desk.link.problem)
        await asyncio.sleep(0.3)
        assert len(server.polls) == 1


@pytest.mark.parametrize(('answer', 'why', 'words'), [
    (httpx.Response(200, content=b' ' * (poll_module.MAX_REPLY + 1)), Why.lost, 'the limit is'),
    (httpx.Response(200, text='<html>Please log in</html>'), Why.lost, 'is not one of Indico'),
    (httpx.Response(200, json={'messages': [{'type': 'fax'}]}), Why.lost, 'is not one of Indico'),
    (httpx.Response(400, json={'error': 'bad_message', 'message': 'No.'}), Why.lost, 'HTTP 400'),
    (httpx.Response(401), Why.rejected, 'pair it again'), (httpx.Response(413), Why.too_large, 'cups.queues'),
    (httpx.Response(307), Why.lost, 'login page'), (httpx.Response(502), Why.lost, 'HTTP 502')])
async def test_an_answer_that_cannot_be_used_is_named(tmp_path, answer, why, words):
    failures = []
    spool = Spool(tmp_path / 'spool.sqlite3')
    poller = Poller('http://localhost/poll', 'http://localhost/d', 't', 'link', 'a', Jobs(spool), tuple,
                    network=Network(), failed=lambda failure: failures.append(failure) or poller.stop(),
                    transport=httpx.MockTransport(lambda _request: answer))
    await asyncio.wait_for(poller.run(), 30)
    assert [failure.reason for failure in failures] == [why]
    assert words in failures[0].detail
    spool.close()


async def test_a_document_that_is_longer_than_announced_is_refused(tmp_path, server):
    server.documents = {f'{J1}/1': PDF + b'x' * 100}
    server.replies = [make_job(go=True)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.said(p.Refused))
        assert server.said(p.Refused)[0].reason == 'wrong_length'
        assert desk.backend.submitted == []
