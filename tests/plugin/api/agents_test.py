"""Polling: what an agent says and hears by plain HTTPS, its documents, and bad input of every kind."""

from uuid import uuid4

import msgspec
import pytest

from indico.util.date_time import now_utc

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import Accepted, Completed, Drain, Hello, Printer, Printing, Welcome

from indico_checkin_print import ledger
from indico_checkin_print.agents import inbound
from indico_checkin_print.models.jobs import Job, JobState
from tests.plugin.api_fixtures import API, poll
from tests.plugin.conftest import TOKEN


pytestmark = pytest.mark.usefixtures('fresh_limits')


def test_a_badge_by_polling(db, post, agent, ready_job, test_client):
    welcome, job = poll(post)
    assert welcome.name == agent.name
    assert (job.job, job.go, job.dispatch) == (ready_job.uuid, True, 1)
    path = f'{API}/document/{job.job}/{job.dispatch}'
    response = test_client.get(path, headers={'Authorization': f'Bearer {TOKEN}'})
    assert response.content_type == 'application/pdf'
    assert response.data == ready_job.document.content
    held = [{'job': job.job, 'dispatch': 1, 'state': 'printing'}]
    assert len(poll(post, Accepted(job=job.job, dispatch=1), Printing(job=job.job, dispatch=1),
                    holding=msgspec.convert(held, tuple[protocol.Held, ...]))) == 1
    __, ack = poll(post, Completed(job=job.job, dispatch=1))
    assert ack.state == 'completed'
    db.session.refresh(ready_job)
    assert ready_job.state == JobState.completed


def test_lost_answer_is_repeated(post, agent, ready_job):
    first, repeated = poll(post)[1], poll(post)[1]
    assert (first.job, first.dispatch, first.go) == (ready_job.uuid, 1, True)
    assert (repeated.job, repeated.dispatch, repeated.go) == (ready_job.uuid, 1, True)


def test_of_two_that_poll_the_newest_speaks(db, post, agent, ready_job):
    """...until it has been silent for a while; the other one may ask on without throwing it out."""
    poll(post, link='first')
    poll(post, link='second')
    for __ in range(2):
        assert poll(post, link='first', begins=False) == (409, 'replaced')
    assert isinstance(poll(post, link='second', begins=False)[0], Welcome)
    agent.seen_dt = now_utc() - agent.AWAY_AFTER
    db.session.flush()
    assert isinstance(poll(post, link='first', begins=False)[0], Welcome)
    assert poll(post, link='second', begins=False) == (409, 'replaced')


def test_a_first_poll_that_arrives_late_is_no_other_computer(post, agent):
    poll(post, link='first')
    poll(post, link='first', begins=False)
    poll(post, link='first')
    assert isinstance(poll(post, link='first', begins=False)[0], Welcome)


def test_a_poll_does_not_throw_out_a_newer_websocket(post, agent):
    poll(post, link='poll')
    inbound.hello(agent.id, 'websocket', Hello(spool='spool', printers=(Printer(name='p1'),)))
    assert poll(post, link='poll', begins=False) == (409, 'replaced')
    inbound.gone(agent.id, 'websocket')
    assert isinstance(poll(post, link='poll', begins=False)[0], Welcome)


def test_an_agent_hears_which_of_its_printers_desks_use(db, post, agent, ready_job):
    used = sorted({x.printer for x in ready_job.desk.printers})
    assert list(poll(post)[0].wanted) == used
    ready_job.desk.is_deleted = True
    db.session.flush()
    assert poll(post)[0].wanted == ()


@pytest.mark.parametrize(('came_out', 'state'), [(True, 'completed'), (False, 'failed')])
def test_an_answer_in_indico_ends_the_question(db, post, agent, ready_job, dummy_user, came_out,
                                                                       state):
    """A question that was answered here is not asked there any more."""
    message = next(m for m in poll(post) if isinstance(m, protocol.Job))
    unknown = protocol.Unknown(job=message.job, dispatch=message.dispatch, reason='printer_lost_job')
    assert [m.state for m in poll(post, unknown) if isinstance(m, protocol.Ack)] == ['unknown']
    asked = (protocol.Held(job=message.job, dispatch=message.dispatch, state='unknown'),)
    assert [m for m in poll(post, holding=asked) if isinstance(m, protocol.Ack)] == []
    assert ledger.resolve(db.session.get(Job, ready_job.id), dummy_user, came_out=came_out)
    # until the agent stops asking
    for __ in range(2):
        (ack,) = [m for m in poll(post, holding=asked) if isinstance(m, protocol.Ack)]
        assert (ack.job, ack.dispatch, ack.state) == (message.job, message.dispatch, state)


def test_names_as_long_as_cups_takes_and_what_is_left_out(db, post, agent):
    poll(post, printers=(Printer(name='x' * 127),), left_out=3)
    db.session.refresh(agent)
    assert [each['name'] for each in agent.printers] == ['x' * 127]
    assert agent.left_out == 3


def test_one_that_stops_gets_nothing_more_by_its_next_polls(db, post, agent, ready_job):
    poll(post, link='poll', printers=())
    for messages in ((Drain(),), ()):
        assert [type(m) for m in poll(post, *messages, link='poll', begins=False)] == [Welcome]
    # started again
    assert [type(m) for m in poll(post, link='another')] == [Welcome, protocol.Job]


def test_other_version_is_refused(post, agent):
    assert poll(post, protocol=2) == (400, 'version')


@pytest.mark.parametrize('body', [b' ', b'{', b'{"hello": {}}', b'null', b'[' * 100_000])
def test_no_poll(post, agent, body):
    assert post('/poll', body, TOKEN)[0] == 400


def test_too_much(post, agent):
    status, answer = post('/poll', b'x' * (2 * protocol.MAX_MESSAGE + 1), TOKEN)
    assert (status, answer['error']) == (413, 'too_large')


@pytest.mark.parametrize('uuid', [str(uuid4()), None])
def test_no_document_of_others(db, ready_job, agent, test_client, uuid):
    # not given to this agent (yet)
    response = test_client.get(f'{API}/document/{uuid or ready_job.uuid}/1',
                               headers={'Authorization': f'Bearer {TOKEN}'})
    assert response.status_code == 404
    assert test_client.get(f'{API}/document/{uuid or ready_job.uuid}/1').status_code == 401
