"""Reprints, and answers to the question whether a badge came out."""

import pytest

from print_agent.errors import ActionRefused, NotReady
from print_agent.jobs import worker as worker_module
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.spool.job import LOCAL, State

from tests.fakes.badges import J1, J2, J3, J4, PDF, make_job
from tests.fakes.desk import refused


@pytest.mark.parametrize('end', ['completed', 'sent', 'failed'])
async def test_a_reprint_leaves_what_the_ledger_knows(desk, end):
    original = await desk.ended(J1, end=end, reason='x')
    desk.heard.clear()
    entry = desk.control.reprint(original)
    await desk.until(lambda: desk.spool.get(entry.seq).state is State.completed)
    assert [request.document for request in desk.backend.submitted] == [PDF, PDF]
    assert 'Zoë' not in desk.backend.submitted[-1].title
    assert (entry.name, entry.origin, entry.source) == ('Zoë Ångström', J1, LOCAL)
    assert desk.heard == []
    assert desk.spool.get(original.seq) == original
    assert [m.job for m in desk.jobs.owed('a')] == [J1]
    # and once more, from the copy
    once_more = desk.control.reprint(desk.spool.get(entry.seq))
    assert once_more.origin == J1


async def test_it_can_come_out_at_another_printer(desk):
    entry = desk.control.reprint(await desk.ended(J1), 'desk2')
    await desk.until(lambda: desk.spool.get(entry.seq).state is State.completed)
    assert entry.printer == 'desk2'


async def test_a_double_click_prints_once(desk):
    original = await desk.ended(J1)
    desk.backend.gate.clear()
    desk.control.reprint(original)
    with refused('already'):
        desk.control.reprint(original)


async def test_only_what_was_printed_here_can_be_reprinted(desk):
    returned = await desk.receive(J1, go=True)
    desk.jobs.handover.ended(returned, Outcome('returned', 'too_late'))
    with refused('not_printed'):
        desk.control.reprint(desk.spool.get(returned.seq))
    waiting = await desk.receive(J2)
    with refused('not_printed'):
        desk.control.reprint(waiting)
    with refused('question'):
        desk.control.reprint(await desk.ended(J3, end='unknown', reason='printer_lost_job'))
    desk.spool.keep = 0
    with refused('forgotten'):
        desk.control.reprint(await desk.ended(J4))


async def test_a_copy_of_an_old_message_does_not_reach_a_reprint(desk):
    original = await desk.ended(J1)
    desk.control.reprint(original)
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.until(lambda: len(desk.backend.submitted) == 2)
    assert desk.spool.find('a', J1).state is State.completed


async def test_a_restart_ends_reprints(desk, monkeypatch):
    """A restart gives up what a person asked for and did not get."""
    desk.backend.ready = NotReady('media-empty', 'Empty.')
    monkeypatch.setattr(worker_module, 'RETURN_AFTER', 60)
    entry = desk.control.test('desk1')
    await desk.restart()
    assert desk.spool.get(entry.seq).state is State.returned
    assert desk.heard == []


async def test_jobs_are_found_as_the_log_names_them(desk):
    entry = await desk.receive('b1c7-44')
    await desk.receive('b1c7-45')
    assert desk.control.find('b1c7-44') == desk.control.find('b1c7-44.1') == entry
    for job in ('b1c7-', 'nope', 'b', '', '.1'):
        with refused('unknown_job'):
            desk.control.find(job)


async def test_yes_is_reported_as_completed_by_a_person(desk):
    entry = await desk.ended(J1, end='unknown', reason='printer_lost_job')
    desk.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='unknown'))
    desk.heard.clear()
    desk.control.answer(entry, came_out=True)
    (message,) = desk.heard
    assert message == p.Completed(job=J1, dispatch=1, reason='person_saw_it',
                               detail='Somebody at the desk looked: the badge came out.')
    with refused('answered'):
        desk.control.answer(desk.spool.get(entry.seq), came_out=False)


async def test_no_returns_the_badge_and_it_prints_when_it_is_assigned(desk):
    entry = await desk.ended(J1, end='unknown', reason='printer_lost_job')
    desk.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='unknown'))
    desk.control.answer(entry, came_out=False)
    assert desk.said(p.Returned)[-1].reason == 'person_missed_it'
    assert desk.spool.document(entry.seq) is None
    await desk.receive(J1, dispatch=2, go=True)
    await desk.until(lambda: desk.said(p.Completed))
    assert len(desk.backend.submitted) == 2


async def test_an_answer_without_a_network_is_reported_later(desk):
    entry = await desk.ended(J1, end='unknown', reason='printer_lost_job')
    desk.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='unknown'))
    assert desk.jobs.owed('a') == []
    desk.jobs.listen('a', None)
    desk.control.answer(entry, came_out=True)
    await desk.restart()
    assert [type(m) for m in desk.jobs.owed('a')] == [p.Completed]
    assert desk.jobs.hello('a', 'x', ()).holding == (p.Held(job=J1, dispatch=1, state='completed'),)
    desk.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='unknown'))  # of the word before
    assert desk.jobs.owed('a')
    desk.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='completed'))
    assert desk.jobs.owed('a') == []


async def test_nothing_is_returned_that_may_still_come_out(desk):
    entry = await desk.receive(J1, go=True)
    await desk.until(lambda: desk.said(p.Completed))
    desk.spool._db.execute("UPDATE jobs SET state = 'unknown', settled = 0")
    entry = desk.spool.get(entry.seq)
    with refused('still_queued'):
        desk.control.answer(entry, came_out=False)
    assert desk.control.answer(entry, came_out=True).state is State.completed


@pytest.mark.parametrize('source', [LOCAL, 'door:desk1'])
async def test_what_nobody_sends_again_is_printed_again_here(desk, source):
    entry = await desk.ended(J1, source=source, end='unknown', reason='printer_lost_job')
    other = desk.control.answer(entry, came_out=False)
    assert desk.spool.get(entry.seq).state is State.returned
    await desk.until(lambda: desk.spool.get(other.seq).state is State.completed)
    assert [request.document for request in desk.backend.submitted] == [PDF, PDF]


async def test_a_question_stays_when_a_reprint_is_not_possible(desk):
    desk.spool.keep = 0
    entry = await desk.ended(J1, source='door:desk1', end='unknown', reason='printer_lost_job')
    with refused('forgotten'):
        desk.control.answer(entry, came_out=False)
    assert desk.spool.get(entry.seq).state is State.unknown


async def test_the_last_badge_is_the_last_that_may_have_come_out(desk):
    with pytest.raises(ActionRefused, match='No badge was printed here yet'):
        desk.control.find('last')
    await desk.ended(J1)
    desk.control.test('desk1')
    returned = await desk.receive(J2)
    desk.jobs.handover.ended(returned, Outcome('returned', 'media-empty'))
    assert desk.control.find('last').job == J1
    # rather no badge than that of somebody else
    await desk.ended(J3, end='unknown', reason='printer_lost_job')
    assert desk.control.find('last').job == J3
    with pytest.raises(ActionRefused, match='Nobody knows'):
        desk.control.reprint(desk.control.find('last'))


@pytest.mark.parametrize(('state', 'end', 'reason'), [
    ('completed', State.completed, 'person_saw_it'), ('failed', State.returned, 'person_missed_it')])
async def test_a_question_that_was_answered_in_indico(desk, state, end, reason):
    """A question that was answered in Indico is not asked here any more."""
    asked = await desk.ended('j1', end='unknown', reason='printer_lost_job')
    desk.jobs.ack('a', p.Ack(job='j1', dispatch=1, state='unknown'))
    assert [(held.job, held.state) for held in desk.jobs.hello('a', 'x/1', ()).holding] == [('j1', 'unknown')]
    desk.jobs.ack('a', p.Ack(job='j1', dispatch=2, state=state))
    desk.jobs.ack('a', p.Ack(job='j1', dispatch=1, state='fax'))
    assert desk.spool.unknown(3600)
    desk.heard.clear()
    desk.jobs.ack('a', p.Ack(job='j1', dispatch=1, state=state))
    answered = desk.spool.get(asked.seq)
    assert (answered.state, answered.reason, answered.acked) == (end, reason, True)
    assert (desk.spool.unknown(3600), desk.heard, desk.jobs.hello('a', 'x/1', ()).holding) == ([], [], ())
