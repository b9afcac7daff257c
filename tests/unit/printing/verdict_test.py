"""The verdict on a badge, from what CUPS and the printer say. One second of the tests' clock is one step."""

import pytest

from print_agent.printing.ipp import ABORTED, CANCELED, COMPLETED, HELD, PENDING, PROCESSING, STOPPED, JobView
from print_agent.printing.verdict import (ABSENCE_TIMEOUT, CUPS_TIMEOUT, DELIVERY_TIMEOUT, GRACE_PERIOD, ORPHAN_TIMEOUT,
                                          SILENCE_TIMEOUT, pause)
from print_agent.protocol import reasons

from tests.fakes.observations import Clock, cups, job


def test_completed_is_the_printers_own_word():
    clock = Clock()
    assert clock.see(cups(PROCESSING), 'absent', 1) is None
    assert clock.see(cups(COMPLETED), job(PROCESSING, 'job-printing'), 100) is None
    assert clock.follower.at_printer
    assert clock.see(cups(COMPLETED), job(COMPLETED)).state == 'completed'


def test_completed_by_a_print_server_is_no_more_than_sent():
    clock = Clock()
    clock.follower.hands_on = True
    assert clock.see(cups(COMPLETED), job(PROCESSING), 3) is None
    assert clock.see(cups(COMPLETED), job(COMPLETED)).state == 'sent'


def test_cups_saying_completed_proves_nothing():
    end = Clock().see(cups(COMPLETED), 'absent')
    assert (end.state, end.reason) == ('unknown', 'not_seen_at_printer')


def test_a_printer_gets_some_time_to_show_the_job():
    clock = Clock()
    assert clock.see(cups(COMPLETED), 'absent', GRACE_PERIOD - 2) is None
    assert clock.see(cups(COMPLETED), job(COMPLETED)).state == 'completed'


@pytest.mark.parametrize(('state', 'why', 'reason'), [
    (ABORTED, ('aborted-by-system',), 'engine_failed'),
    (CANCELED, ('job-canceled-at-device',), 'job-canceled-at-device'),
    (ABORTED, (), 'engine_failed'),
    (ABORTED, ('processing-to-stop-point', 'document-format-error'), 'document-format-error'),
])
def test_a_printer_that_gives_up_is_believed(state, why, reason):
    end = Clock().see(cups(COMPLETED), job(state, *why))
    assert (end.state, end.reason, end.detail) == ('failed', reason, reasons.sentence(reason))


def test_a_rejected_document_is_a_failure():
    clock = Clock()
    assert clock.see(cups(PROCESSING), job(HELD, 'job-data-insufficient'), 5) is None
    end = clock.see(cups(COMPLETED), job(HELD, 'job-data-insufficient'))
    assert (end.state, end.reason) == ('failed', 'rejected')


def test_waiting_for_data_for_a_moment_is_normal():
    clock = Clock()
    clock.see(cups(PROCESSING), job(HELD, 'job-incoming'), 1)
    assert clock.see(cups(PROCESSING), job(PROCESSING), 1) is None
    assert clock.see(cups(COMPLETED), job(HELD, 'job-incoming'), GRACE_PERIOD - 2) is None


def test_a_job_that_the_printer_forgot_is_unknown():
    clock = Clock()
    clock.see(cups(PROCESSING), job(PROCESSING), 3)
    assert clock.see(cups(COMPLETED), 'absent', ABSENCE_TIMEOUT - 1) is None
    end = clock.see(cups(COMPLETED), 'absent')
    assert (end.state, end.reason) == ('unknown', 'printer_lost_job')


def test_a_printer_that_was_switched_off_and_on_is_known_by_that():
    clock = Clock()
    clock.see(cups(COMPLETED), job(PROCESSING), 3)
    clock.follower.restarted = True
    assert clock.see(cups(COMPLETED), 'absent', ABSENCE_TIMEOUT - 1) is None
    end = clock.see(cups(COMPLETED), 'absent')
    assert (end.state, end.reason) == ('unknown', 'power_cycled')


def test_a_printer_that_gives_up_after_a_page_leaves_doubt():
    end = Clock().see(cups(COMPLETED), JobView(id=1, state=ABORTED, reasons=('aborted-by-system',), pages=1))
    assert (end.state, end.reason) == ('unknown', 'engine_failed')


# CUPS 2.4.10 says the latter
@pytest.mark.parametrize('reason', ['processing-to-stop-point', 'canceled-at-device'])
def test_a_job_that_cups_gave_up_was_rejected_by_the_printer(reason):
    end = Clock().see(cups(CANCELED, reason, message='Printer cannot print with supplied options.'), 'absent')
    assert (end.state, end.reason) == ('failed', 'rejected')
    assert 'supplied options' in end.detail


def test_a_printer_that_hangs_is_not_one_that_is_gone():
    clock = Clock()
    clock.see(cups(COMPLETED), job(PROCESSING), 1)
    end = clock.see(cups(COMPLETED), 'frozen', SILENCE_TIMEOUT + 1)
    assert (end or clock.see(cups(COMPLETED), 'frozen')).reason == 'printer_frozen'


def test_a_jam_is_waited_for():
    clock = Clock()
    assert clock.see(cups(COMPLETED), job(STOPPED, 'printer-stopped'), 500) is None
    assert clock.see(cups(COMPLETED), job(COMPLETED)).state == 'completed'


def test_a_frozen_printer_that_has_the_job():
    """A frozen printer that has the job is waited for then unknown."""
    clock = Clock()
    clock.see(cups(COMPLETED), job(PROCESSING), 1)
    assert clock.see(cups(COMPLETED), 'unreachable', SILENCE_TIMEOUT - 2) is None
    thawed = Clock()
    thawed.see(cups(COMPLETED), job(PROCESSING), 1)
    thawed.see(cups(COMPLETED), 'unreachable', 30)
    assert thawed.see(cups(COMPLETED), job(COMPLETED)).state == 'completed'
    end = clock.see(cups(COMPLETED), 'unreachable')
    assert (end.state, end.reason) == ('unknown', 'printer_unreachable')


def test_a_silent_printer_never_gets_the_job_later():
    clock = Clock()
    assert clock.see(cups(PROCESSING), 'unreachable') is None
    assert clock.cancelled == 1
    end = clock.see(cups(CANCELED), 'unreachable')
    assert (end.state, end.reason) == ('unknown', 'printer_unreachable')


def test_an_answer_after_the_cancellation():
    """A silent printer that answers after the cancellation clears it up."""
    clock = Clock()
    clock.see(cups(PROCESSING), 'unreachable')
    end = clock.see(cups(CANCELED), 'absent')
    assert (end.state, end.reason) == ('returned', 'printer_unreachable')


def test_a_job_that_cups_cannot_deliver_is_cancelled():
    clock = Clock()
    assert clock.see(cups(PENDING, started=False), 'absent', DELIVERY_TIMEOUT - 2) is None
    assert clock.cancelled == 0
    assert clock.see(cups(PENDING, started=False), 'absent') is None
    assert clock.cancelled == 1
    end = clock.see(cups(CANCELED), 'absent')
    assert (end.state, end.reason) == ('returned', 'stuck')


def test_a_job_that_cups_forgot_when_it_died_is_cancelled_soon():
    clock = Clock()
    clock.see('unreachable', 'absent', 5)
    assert clock.see(cups(HELD, started=False), 'absent', ORPHAN_TIMEOUT - 1) is None
    assert clock.cancelled == 0
    clock.see(cups(HELD, started=False), 'absent', 2)
    assert clock.cancelled == 1
    assert clock.see(cups(CANCELED, started=False), 'absent', ABSENCE_TIMEOUT - 1) is None
    end = clock.see(cups(CANCELED, started=False), 'absent')
    assert (end.state, end.reason) == ('returned', 'stuck')


def test_an_orphan_that_the_printer_has():
    """An orphaned job that the printer has after all is followed."""
    clock = Clock()
    clock.see(cups(HELD, started=False), 'absent')
    assert clock.cancelled == 1
    assert clock.see(cups(CANCELED, started=False), job(PROCESSING), 30) is None
    assert clock.see(cups(CANCELED, started=False), job(COMPLETED)).state == 'completed'


@pytest.mark.parametrize('view', [
    cups(HELD, 'job-incoming', started=False),
    cups(HELD, 'job-hold-until-specified', started=False),
    cups(HELD),
    cups(PENDING, started=False),
])
def test_a_job_that_is_held_for_a_reason_is_not_orphaned(view):
    clock = Clock()
    clock.see(view, 'absent', DELIVERY_TIMEOUT - 2)
    assert clock.cancelled == 0


def test_a_job_that_arrives_while_it_is_cancelled_is_followed():
    clock = Clock()
    clock.see(cups(PROCESSING), 'absent')
    assert clock.cancelled == 1
    assert clock.see(cups(CANCELED), job(COMPLETED)).state == 'completed'


def test_a_stale_badge_is_cancelled_from_cups():
    clock = Clock(expires=5.0)
    assert clock.see(cups(PENDING), 'absent') is None
    assert clock.cancelled == 1
    assert clock.see(cups(CANCELED), 'absent').reason == 'expired'


@pytest.mark.parametrize(('state', 'why', 'reason'), [
    (STOPPED, ('job-completed-with-errors',), 'job-completed-with-errors'),
    (CANCELED, ('job-canceled-by-user',), 'job-canceled-by-user'),
    (ABORTED, (), 'job-aborted'),
])
def test_cups_giving_up_before_the_printer_had_it_is_a_failure(state, why, reason):
    end = Clock().see(cups(state, *why, message='filter crashed'), 'absent')
    assert (end.state, end.reason) == ('failed', reason)
    assert 'filter crashed' in end.detail


def test_cups_giving_up_is_no_proof_while_the_printer_has_it():
    clock = Clock()
    assert clock.see(cups(ABORTED), job(PROCESSING), 20) is None
    assert clock.see(cups(ABORTED), job(COMPLETED)).state == 'completed'


def test_a_job_that_nobody_knows_is_unknown():
    end = Clock().see('absent', 'absent')
    assert (end.state, end.reason) == ('unknown', 'cups_lost_job')


def test_cups_away_is_waited_for():
    clock = Clock()
    assert clock.see('unreachable', 'absent', CUPS_TIMEOUT - 2) is None
    assert clock.see('unreachable', job(COMPLETED)).state == 'completed'
    assert Clock().see('unreachable', 'absent').reason == 'cups_down'


# -- printers that cannot be asked ------------------------------------------------------------------------------------

def test_looks_are_quick_at_first_and_never_stop():
    pauses = [pause(t) for t in range(0, 600, 1)]
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] <= 0.05
    assert pauses[-1] <= 1
