"""How the agent does, in words."""

import pytest

from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.web.connection_history import History
from print_agent.web.status import MAX_LATEST, MAX_QUEUE, Viewer, printer_status

from tests.fakes.desk import StaffedDesk


@pytest.mark.parametrize(('printer', 'paused', 'printing', 'level', 'words', 'sentence'), [
    ({}, False, False, 'ok', 'Ready', ''),
    ({'state': 'processing'}, False, False, 'busy', 'Printing', ''),
    ({}, False, True, 'busy', 'Printing', ''),
    ({'reasons': ('media-low-warning',)}, False, False, 'warn', 'Ready', 'The printer says: media-low.'),
    ({'state': 'processing', 'reasons': ('media-empty-warning',)}, False, True, 'warn', 'Printing',
     'The printer is out of labels or paper.'),
    ({'state': 'stopped', 'reasons': ('media-jam', 'media-jam-error')}, False, False, 'bad', 'Not printing',
     'Labels or paper are jammed in the printer.'),
    ({'reasons': ('cover-open-error',)}, False, False, 'bad', 'Not printing', 'The cover of the printer is open.'),
    ({'state': 'stopped'}, False, False, 'bad', 'Not printing', 'The printer has stopped.'),
    ({'accepting': False}, False, False, 'bad', 'Not printing', 'The print queue does not accept jobs.'),
    ({'state': 'stopped', 'reasons': ('paused',)}, False, False, 'bad', 'Not printing', 'The printer is paused.'),
    ({'state': 'stopped', 'reasons': ('paused',)}, True, False, 'paused', 'Paused', ''),
    ({'state': 'stopped', 'reasons': ('paused',)}, True, True, 'paused', 'Paused, after this badge', ''),
    ({'state': 'stopped', 'reasons': ('paused', 'cover-open')}, True, False, 'paused', 'Paused',
     'The cover of the printer is open.'),
])
def test_a_printer_in_words(printer, paused, printing, level, words, sentence):
    status = printer_status(p.Printer(name='desk1', **printer), paused=paused, printing=printing)
    assert (status.level, status.words, ' '.join(status.sentences)) == (level, words, sentence)


async def test_everything_is_there_and_nothing_grows_without_end(tmp_path):
    desk = await StaffedDesk(tmp_path).start()
    viewer = Viewer(desk.spool, desk.control, desk.printers, History([]), started=1.0)
    try:
        for number in range(MAX_LATEST + 5):
            entry = await desk.receive(f'j{number}')
            desk.jobs.handover.ended(entry, Outcome('failed', 'media-jam'))
        for number in range(MAX_QUEUE + 5):
            await desk.receive(f'q{number}')
        seen = viewer.look(names=True)
        assert (len(seen.latest), len(seen.queue), seen.queued) == (MAX_LATEST, MAX_QUEUE, MAX_QUEUE + 5)
        newest = seen.latest[0]
        assert (newest.job, newest.words, newest.name) == (f'j{MAX_LATEST + 4}', 'Failed', 'Zoë Ångström')
        assert newest.detail == 'Labels or paper are jammed in the printer.'
        assert (newest.repeatable, newest.acknowledged, newest.local) == (True, False, False)
        assert not any(badge.repeatable for badge in seen.queue)
        assert {badge.name for badge in viewer.look(names=False).latest} == {''}
        asked = await desk.ended('u1', printer='desk2', end='unknown', reason='printer_lost_job')
        assert [badge.entry for badge in viewer.look(names=True).questions] == [asked.seq]
        desk.control.answer(asked, came_out=True)
        assert viewer.look(names=True).questions == ()
    finally:
        await desk.stop()
