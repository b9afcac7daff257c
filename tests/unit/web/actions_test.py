"""What a person at the desk can do, and what Indico hears of it."""

from print_agent.errors import NotReady
from print_agent.protocol import messages as p
from print_agent.spool.job import State

from tests.fakes.badges import J1, J2, J3
from tests.fakes.desk import refused


# -- pause ------------------------------------------------------------------------------------------------------------

async def test_a_paused_printer_says_so_and_takes_nothing(desk):
    desk.control.pause('desk1')
    assert (desk.printer().state, desk.printer().reasons) == ('stopped', ('paused',))
    assert desk.printer('desk2').state == 'idle'
    assert len(desk.changes) == 1
    await desk.receive(J1, go=True)
    assert [(m.job, m.reason) for m in desk.said(p.Returned)] == [(J1, 'paused')]
    await desk.receive(J2)
    desk.jobs.go('a', p.Go(job=J2, dispatch=1))
    assert [m.job for m in desk.said(p.Returned)] == [J1, J2]
    await desk.receive(J3, printer='desk2', go=True)
    await desk.until(lambda: desk.said(p.Completed))
    assert [m.job for m in desk.said(p.Completed)] == [J3]
    assert len(desk.backend.submitted) == 1


async def test_a_pause_returns_what_has_a_go(desk):
    """A pause returns what has a go and lets the badge in the printer come out."""
    desk.backend.gate.clear()
    await desk.receive(J1, go=True)
    await desk.until(lambda: desk.said(p.Printing))
    await desk.receive(J2, go=True)
    await desk.receive(J3)
    desk.control.pause('desk1')
    assert [(m.job, m.reason) for m in desk.outcomes] == [(J2, 'paused')]
    desk.backend.gate.set()
    await desk.until(lambda: desk.said(p.Completed))
    # without a go it waits: the server takes it away if another printer is free
    assert desk.spool.find('a', J3).state is State.waiting
    assert len(desk.backend.submitted) == 1


async def test_a_badge_that_is_about_to_be_handed_over_is_stopped(desk, monkeypatch):
    async def check(printer):
        desk.control.pause('desk1')

    monkeypatch.setattr(desk.backend, 'check', check)
    await desk.receive(J1, go=True)
    await desk.until(lambda: desk.outcomes)
    assert desk.said(p.Returned)[0].reason == 'paused'
    assert desk.backend.submitted == []


async def test_a_go_while_paused(desk):
    """It is not used, however it came there."""
    desk.backend.gate.clear()
    await desk.receive(J1, go=True)
    await desk.until(lambda: desk.said(p.Printing))
    entry = await desk.receive(J2, go=True)
    desk.control.pauses.set(everything=True, names=frozenset())
    assert desk.jobs.handover.begin_submit(entry) is None
    assert desk.spool.get(entry.seq).state is State.go


async def test_a_webhook_prints_in_spite_of_a_pause(desk):
    """A webhook without a callback: to return it would be to lose it."""
    desk.backend.gate.clear()
    await desk.receive(J1, go=True)
    await desk.until(lambda: desk.said(p.Printing))
    await desk.receive(J2, source='door:desk1', go=True)
    desk.control.pause('desk1')
    desk.backend.gate.set()
    await desk.until(lambda: desk.spool.find('door:desk1', J2).state is State.completed)


async def test_a_pause_survives_a_restart_until_somebody_resumes(desk):
    desk.control.pause('desk1')
    await desk.restart()
    assert desk.control.is_paused('desk1')
    assert not desk.control.is_paused('desk2')
    assert desk.printer().reasons == ('paused',)
    desk.control.resume('desk1')
    await desk.restart()
    assert desk.printer().state == 'idle'
    await desk.receive(J1, go=True)
    await desk.until(lambda: desk.said(p.Completed))


async def test_all_printers_can_be_paused_and_one_of_them_resumed(desk):
    desk.control.pause()
    assert [printer.state for printer in desk.printers.all()] == ['stopped', 'stopped']
    desk.backend.names = ('desk1', 'desk2', 'desk3')
    await desk.printers.refresh()
    assert desk.printer('desk3').reasons == ('paused',)
    desk.control.pause('desk1')
    assert desk.control.pauses.all
    desk.control.resume('desk2')
    assert [printer.state for printer in desk.printers.all()] == ['stopped', 'idle', 'stopped']
    desk.control.resume()
    assert {printer.state for printer in desk.printers.all()} == {'idle'}


async def test_only_a_printer_that_is_there_is_paused(desk):
    with refused('unknown_printer') as caught:
        desk.control.pause('desk9')
    assert caught.value.detail == 'There is no printer "desk9" here. Printers here: desk1, desk2.'
    with refused('unknown_printer'):
        desk.control.resume('desk9')
    # one that is gone can still be resumed
    desk.control.pause('desk2')
    desk.backend.names = ('desk1',)
    await desk.printers.refresh()
    desk.control.resume('desk2')
    assert not desk.control.is_paused('desk2')


# -- test pages -------------------------------------------------------------------------------------------------------

async def test_a_test_page(desk):
    """A test page is as large as the badges and no server hears of it."""
    await desk.ended(J1)
    desk.heard.clear()
    entry = desk.control.test('desk1')
    await desk.until(lambda: desk.spool.get(entry.seq).state is State.completed)
    request = desk.backend.submitted[-1]
    assert (request.width_mm, request.height_mm, request.document[:5]) == (96.0, 134.0, b'%PDF-')
    assert desk.heard == []
    assert desk.jobs.owed('a') == [p.Completed(job=J1, dispatch=1)]
    assert desk.spool.get(entry.seq).acked


async def test_a_test_page_prints_on_a_paused_printer(desk):
    desk.control.pause('desk1')
    entry = desk.control.test('desk1')
    await desk.until(lambda: desk.spool.get(entry.seq).state is State.completed)


async def test_a_test_page_for_a_printer_that_cannot_print_says_why(desk):
    desk.backend.ready = NotReady('media-empty', 'The printer is out of labels or paper.')
    entry = desk.control.test('desk1')
    await desk.until(lambda: desk.spool.get(entry.seq).state is State.returned)
    assert desk.spool.get(entry.seq).reason == 'media-empty'


async def test_no_test_page(desk):
    """There is no test page for an unknown printer or while the agent stops."""
    with refused('unknown_printer'):
        desk.control.test('desk9')
    desk.jobs.stopping = True
    with refused('stopping'):
        desk.control.test('desk1')
