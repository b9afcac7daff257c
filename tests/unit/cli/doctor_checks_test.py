"""What the doctor concludes from what it saw."""

import email.utils

import pytest

from print_agent.cli import doctor_checks as checks
from print_agent.printing.ipp import PRINTER_IDLE, PRINTER_STOPPED, PrinterView
from print_agent.printing.layout import Layout
from print_agent.protocol import reasons
from print_agent.web.status import PrinterStatus, Snapshot


NOW = 1_800_000_000.0


@pytest.mark.parametrize(('mode', 'owner', 'me', 'folder', 'words'), [
    (0o600, 1, 1, False, None), (0o700, 1, 1, True, None), (0o600, 1, 0, False, None),
    (0o640, 1, 1, False, 'chmod 600 /x'), (0o604, 1, 1, False, 'chmod 600 /x'), (0o755, 1, 1, True, 'chmod 700 /x'),
    (0o600, 1, 2, False, 'belongs to another user')])
def test_permissions(mode, owner, me, folder, words):
    found = checks.permissions('token', '/x', 0o100000 | mode, owner, me, folder=folder)
    assert found.ok == (words is None)
    assert (words or '') in found.text


@pytest.mark.parametrize(('free', 'ok'), [(checks.MIN_FREE_DISK, True), (checks.MIN_FREE_DISK - 1, False), (0, False)])
def test_disk(free, ok):
    assert checks.disk(free).ok == ok


@pytest.mark.parametrize(('off', 'words'), [
    (0, None), (0.9, None), (59, None), (-60, None), (-63, 'seconds behind'), (3600, '60 minutes ahead of'),
    (-3600, '60 minutes behind'), (90, 'seconds ahead of')])
def test_clock(off, words):
    found = checks.clock('clock', email.utils.formatdate(NOW, usegmt=True), NOW + off, NOW + off + 0.2)
    assert found.ok == (words is None)
    if words:
        assert words in found.text
        assert 'timedatectl' in found.text


def test_a_slow_answer_is_no_wrong_clock():
    assert checks.clock('clock', email.utils.formatdate(NOW + 70, usegmt=True), NOW, NOW + 140).ok
    assert checks.clock('clock', 'half past nine', NOW, NOW).ok


GOOD = {'printer-state': PRINTER_IDLE, 'printer-is-accepting-jobs': True, 'device-uri': 'ipp://10.0.0.9/ipp/print?waitjob=false',
        'printer-make-and-model': 'Badge 2000 - IPP Everywhere', 'media-supported': ['iso_a6_105x148mm'],
        'printer-error-policy': 'retry-job'}


WELL = PrinterView(state=PRINTER_IDLE, media=('oe_badge_96x134mm',))


@pytest.mark.parametrize(('attrs', 'printer', 'words'), [
    ({}, WELL, None),
    ({'device-uri': 'usb://Badge/2000', 'media-supported': []}, None, None),
    ({'printer-is-accepting-jobs': False}, WELL, 'cupsaccept desk1'),
    ({'printer-state': PRINTER_STOPPED}, WELL, 'cupsenable desk1'),
    ({'device-uri': 'ipp://10.0.0.9/ipp/print'}, WELL, 'lpadmin -p desk1 -v "ipp://10.0.0.9/ipp/print?waitjob=false"'),
    ({'printer-make-and-model': 'Local Raw Printer'}, WELL, '-m everywhere'),
    ({'media-supported': []}, WELL, 'no label or paper size'),
    ({'printer-error-policy': 'stop-printer'}, WELL, 'printer-error-policy=retry-job'),
    ({}, 'printer_unreachable', 'Check that it is switched on'),
    ({}, 'printer_unreadable', None),
    ({}, 'printer_login', '[printers.desk1] login_file'),
    ({'device-uri': 'ipp://10.0.0.9/ipp/print'}, 'printer_login', '"ipp://USER:PASSWORD@10.0.0.9/ipp/print?waitjob'),
    ({}, 'printer_frozen', reasons.sentence('printer_frozen')),
    ({}, PrinterView(state=PRINTER_STOPPED, reasons=('media-empty-error',)), reasons.sentence('media-empty')),
    ({}, PrinterView(state=PRINTER_IDLE, reasons=('cover-open-error',)), reasons.sentence('cover-open')),
    ({}, PrinterView(state=PRINTER_IDLE, accepting=False), reasons.sentence('printer_rejecting'))])
def test_queues(attrs, printer, words):
    found = checks.queue('desk1', {**GOOD, **attrs}, printer)
    assert all(finding.check == 'printer desk1' for finding in found)
    if words is None:
        assert [finding.ok for finding in found] == [True]
    else:
        assert not any(finding.ok for finding in found)
        assert any(words in finding.text for finding in found)


@pytest.mark.parametrize(('way', 'words'), [
    ('name', 'says when a badge is done'), ('new', 'only one that prints there as this user'),
    ('none', 'badges are "sent"'), (None, 'run this again')])
def test_how_badges_are_known_at_a_printer(way, words):
    (finding,) = checks.queue('desk1', GOOD, WELL, way=way)
    assert finding.ok
    assert words in finding.text


@pytest.mark.parametrize(('loaded', 'layout', 'words'), [
    (('oe_badge_96x134mm',), Layout(), None), (('oe_across_134x96mm',), Layout(), None), ((), Layout(), None),
    (('roll_current_62x0mm',), Layout(), None),
    (('na_index-4x6_4x6in',), Layout(), 'The last badge measured 96 x 134 mm; 102 x 152 mm is loaded'),
    (('na_index-4x6_4x6in',), Layout(media_mm=(96.0, 134.0)), None),
    (('oe_badge_96x134mm',), Layout(media_mm=(90.0, 134.0)), 'more than the labels that agent.toml sets'),
    ((), Layout(media_mm=(134.0, 96.0), orientation=90), None)])
def test_labels_and_the_last_badge(loaded, layout, words):
    view = PrinterView(PRINTER_IDLE, media=loaded, takes_pdf=True)
    (finding,) = checks.queue('desk1', GOOD, view, layout=layout, badge=(96.0, 134.0))
    assert finding.ok == (words is None)
    assert (words or 'ready') in finding.text
    assert checks.queue('desk1', GOOD, view, layout=layout)[0].ok


@pytest.mark.parametrize(('attrs', 'words'), [
    ({}, None), ({'printer-is-accepting-jobs': False}, 'Run on print.example: sudo cupsaccept desk1'),
    ({'printer-state': PRINTER_STOPPED}, 'Run on print.example: sudo cupsenable desk1'),
    # what is behind it cannot be judged from here
    ({'printer-make-and-model': 'Local Raw Printer', 'media-supported': []}, None)])
def test_queues_of_another_computer(attrs, words):
    (finding,) = checks.remote_queue('desk1', {**GOOD, **attrs}, 'print.example', Layout())
    assert finding.ok == (words is None)
    assert (words or 'badges are "sent"') in finding.text


@pytest.mark.parametrize(('status', 'code', 'words'), [
    (404, 'not_found', None), (401, 'unknown_token', 'pair again'), (404, '', 'no check-in print plugin'),
    (407, '', 'proxy wants a login'), (429, 'too_often', 'Too many unknown tokens'),
    (500, '', 'has a problem (HTTP 500)'), (200, '', 'not Indico'),
    (302, '', 'login page')])
def test_polling(status, code, words):
    found = checks.polling('Indico', status, code)
    assert found.ok == (words is None)
    assert (words or '') in found.text


@pytest.mark.parametrize(('problem', 'mode', 'rejected', 'ok'), [
    ('', 'auto', False, True), ('', 'stream', False, True), ('closed', 'auto', False, True),
    ('closed', 'stream', False, False), ('revoked', 'auto', True, False)])
def test_websocket(problem, mode, rejected, ok):
    found = checks.websocket('websocket', problem, mode, rejected=rejected)
    assert found.ok == ok
    assert problem in found.text.lower()


def test_certificate():
    assert checks.certificate('TLS', 'Jan 20 08:00:00 2027 GMT', NOW - 30 * 86400).ok
    found = checks.certificate('TLS', 'Jan 20 08:00:00 2027 GMT', NOW)
    assert not found.ok
    assert '2027-01-20' in found.text


@pytest.mark.parametrize(('reason', 'ok'), [
    ('media-empty', False), ('media-empty-error', False), ('cover-open', False), ('media-low-warning', True),
    ('media-empty-warning', True), ('none', True)])
def test_severities_do_not_matter(reason, ok):
    """What stops a printer is wrong with or without a severity."""
    found = checks.queue('desk1', GOOD, PrinterView(state=PRINTER_IDLE, media=('x',), reasons=(reason,)))[0]
    assert found.ok == ok
    # what the printer warns of is said, although badges come out
    assert reason == 'none' or reasons.sentence(reasons.first([reason], '')) in found.text


@pytest.mark.parametrize(('printer', 'words'), [
    ({}, None), ({'paused': True, 'level': 'paused'}, 'print-agent resume desk1'),
    ({'reasons': ('media-empty',), 'level': 'warn', 'sentences': ('Out of labels.',), 'depth': 3}, 'labels. Badges'),
    ({'reasons': ('media-low',), 'level': 'warn'}, None),
    ({'reasons': ('rejected',), 'level': 'bad', 'words': 'Not printing'}, 'Not printing.')])
def test_what_the_running_agent_thinks_of_a_printer(printer, words):
    seen = PrinterStatus(**{'name': 'desk1', 'state': 'idle', 'level': 'ok', 'words': 'Ready', 'reasons': (),
                            'sentences': (), 'paused': False, 'model': '', 'reports': True, 'depth': 0, **printer})
    (__, found) = checks.agent(Snapshot(version='1', started=0.0, stopping=False, all_paused=False, printers=(seen,),
                                        questions=(), queue=(), queued=0, latest=(), connections=(), history=()))
    assert found.ok == (words is None)
    assert (words or '') in found.text
