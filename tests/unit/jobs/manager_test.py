"""Jobs from receipt to report, with a printer that a test controls."""

import asyncio

import pytest

from print_agent.errors import NoRoom, NotReady
from print_agent.jobs import capacity
from print_agent.jobs import worker as worker_module
from print_agent.protocol import messages as p
from print_agent.spool.job import State

from tests.fakes.badges import J0, J1, J2, J3, J4, PDF, make_job
from tests.fakes.desk import Desk


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)


@pytest.fixture
async def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


async def test_without_a_go_nothing_moves(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(), PDF)
    assert desk.heard == [p.Accepted(job=J1, dispatch=1)]
    await asyncio.sleep(0.05)
    assert desk.backend.submitted == []
    desk.jobs.go('a', p.Go(job=J1, dispatch=1))
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]
    assert [type(m).__name__ for m in desk.heard] == ['Accepted', 'Printing', 'Completed']


async def test_a_go_in_the_job_prints_at_once(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(go=True, copies=2), PDF)
    await desk.ends()
    (request,) = desk.backend.submitted
    assert (request.document, request.copies, request.width_mm, request.height_mm) == (PDF, 2, 96.0, 134.0)
    assert J1 in request.title
    assert request.tag in request.title
    assert 'Zoë' not in request.title


async def test_the_job_is_in_the_spool_before_it_is_accepted(desk):
    seen = []
    desk.jobs.listen('a', lambda _message: seen.append(desk.spool.find('a', J1).state))
    await desk.jobs.receive('a', make_job(), PDF)
    assert seen == [State.waiting]


async def test_the_intent_is_in_the_spool_before_the_printer_has_it(desk):
    seen = []

    async def submit(printer, request):
        seen.append((desk.state(), desk.spool.find('a', J1).tag == request.tag))
        return '1'

    desk.backend.submit = submit
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.ends()
    assert seen == [(State.submitting, True)]


async def test_everything_twice_prints_once(desk):
    desk.start()
    for _ in range(3):
        await desk.jobs.receive('a', make_job(go=True), PDF)
        desk.jobs.go('a', p.Go(job=J1, dispatch=1))
    await desk.ends()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.jobs.receive('a', make_job(dispatch=2, go=True), PDF)
    assert desk.outcomes[-1] == p.Completed(job=J1, dispatch=2)
    await asyncio.sleep(0.05)
    assert len(desk.backend.submitted) == 1


async def test_copies_of_a_job_that_come_in_together_print_once(desk):
    desk.start()
    await asyncio.gather(*(desk.jobs.receive('a', make_job(go=True), PDF) for _ in range(10)))
    await desk.ends()
    await asyncio.sleep(0.05)
    assert len(desk.backend.submitted) == 1


async def test_a_newer_dispatch_of_a_returned_job_prints(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(), PDF)
    desk.jobs.cancel('a', p.Cancel(job=J1, dispatch=1))
    assert desk.outcomes == [p.Canceled(job=J1, dispatch=1)]
    await desk.jobs.receive('a', make_job(dispatch=2, go=True), PDF)
    assert (await desk.ends(2))[1] == p.Completed(job=J1, dispatch=2)


async def test_a_newer_dispatch_takes_the_older_permission_away(desk):
    desk.backend.ready = NotReady('queue_paused', 'Paused.')
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.jobs.receive('a', make_job(dispatch=2), PDF)
    assert desk.state() is State.waiting
    desk.jobs.go('a', p.Go(job=J1, dispatch=1))
    assert desk.state() is State.waiting
    desk.backend.ready = None
    desk.jobs.go('a', p.Go(job=J1, dispatch=2))
    assert await desk.ends() == [p.Completed(job=J1, dispatch=2)]


async def test_a_job_under_way_is_reported_under_the_newer_number(desk):
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.state() is State.printing)
    await desk.jobs.receive('a', make_job(dispatch=2, go=True), PDF)
    assert desk.heard[-2:] == [p.Accepted(job=J1, dispatch=2), p.Printing(job=J1, dispatch=2)]
    desk.backend.gate.set()
    assert await desk.ends() == [p.Completed(job=J1, dispatch=2)]


async def test_a_job_at_the_printer_cannot_be_cancelled(desk):
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.state() is State.printing)
    desk.jobs.cancel('a', p.Cancel(job=J1, dispatch=1))
    assert desk.heard[-1] == p.Printing(job=J1, dispatch=1)
    desk.backend.gate.set()
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]


async def test_words_about_jobs_that_are_not_here(desk):
    desk.jobs.go('a', p.Go(job='x', dispatch=1))
    desk.jobs.cancel('a', p.Cancel(job='y', dispatch=1))
    desk.jobs.ack('a', p.Ack(job='z', dispatch=1, state='completed'))
    assert desk.heard == [p.Returned(job='x', dispatch=1, reason='not_here',
                                     detail='The print agent does not have this badge.'),
                          p.Canceled(job='y', dispatch=1)]


async def test_jobs_print_in_order_one_at_a_time(desk):
    desk.backend.gate.clear()
    desk.start()
    for job in (J0, J1, J2, J3, J4):
        await desk.jobs.receive('a', make_job(job, go=True), PDF)
    await desk.until(lambda: desk.state(J0) is State.printing)
    await asyncio.sleep(0.05)
    assert len(desk.backend.submitted) == 1
    desk.backend.gate.set()
    assert [m.job for m in await desk.ends(5)] == [J0, J1, J2, J3, J4]


async def test_an_unknown_queue_comes_back_at_once(desk):
    desk.backend.ready = NotReady('unknown_queue', 'No such queue.', wait=False)
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    (returned,) = await desk.ends()
    assert (type(returned), returned.reason) == (p.Returned, 'unknown_queue')


# -- what is refused --------------------------------------------------------------------------------------------------

async def test_a_bad_document_is_refused_and_not_kept(desk):
    await desk.jobs.receive('a', make_job(go=True), b'%!PS')
    (refused,) = desk.heard
    assert (type(refused), refused.reason) == (p.Refused, 'wrong_length')
    assert desk.spool.document(desk.spool.find('a', J1).seq) is None
    await desk.jobs.receive('a', make_job(dispatch=2), PDF)
    assert desk.heard[-1] == p.Accepted(job=J1, dispatch=2)


async def test_a_broken_newer_dispatch_takes_the_older_permission_away(desk):
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.jobs.receive('a', make_job(dispatch=2, go=True), b'nonsense')
    desk.start()
    await asyncio.sleep(0.05)
    assert desk.backend.submitted == []
    assert desk.state() is State.refused


async def test_a_copy_with_a_broken_document_does_no_harm(desk):
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.jobs.receive('a', make_job(go=True), b'nonsense')
    assert desk.state() is State.go
    assert desk.spool.document(desk.spool.find('a', J1).seq) == PDF


async def test_printers_that_do_not_exist_and_a_full_spool_are_refused(tmp_path, monkeypatch):
    desk = Desk(tmp_path, known={'desk1': True, 'desk9': False}.get)
    await desk.jobs.receive('a', make_job(J1, printer='desk9'), PDF)
    assert desk.heard[-1].reason == 'unknown_printer'
    await desk.jobs.receive('a', make_job(J2, printer='not listed yet'), PDF)
    assert desk.heard[-1] == p.Accepted(job=J2, dispatch=1)
    monkeypatch.setattr(capacity, 'MAX_HELD', 1)
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J3), PDF)
    # returned: another printer may have room
    assert desk.heard[-1] == p.Returned(job=J3, dispatch=1, reason='spool_full',
                                        detail='The print agent holds too many badges already.')
    assert desk.spool.find('a', J3) is None
    monkeypatch.setattr(capacity, 'MAX_HELD', 500)
    monkeypatch.setattr(capacity, 'MAX_BYTES', len(PDF))
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J4), PDF)
    assert desk.heard[-1].reason == 'spool_full'
    # what is known already is answered all the same
    await desk.jobs.receive('a', make_job(J2, printer='not listed yet'), PDF)
    assert desk.heard[-1] == p.Accepted(job=J2, dispatch=1)
    await desk.close()
