"""The verdict on a badge where the printer cannot be asked, hides names, or the agent was restarted."""

from dataclasses import replace

import pytest

from print_agent.printing.ipp import ABORTED, CANCELED, COMPLETED, HELD, PENDING, PROCESSING, STOPPED, JobView
from print_agent.printing.verdict import (ABSENCE_TIMEOUT, CONNECT_TIMEOUT, CUPS_TIMEOUT, DELIVERY_TIMEOUT,
                                          GRACE_PERIOD, LEARN_TIMEOUT, ORPHAN_TIMEOUT, CupsView, Follower)

from tests.fakes.observations import Clock, cups, job


def nameless(value=True, **kwargs):
    clock = Clock(**kwargs)
    clock.follower.nameless = value
    return clock


def test_a_badge_that_looks_like_other_jobs_is_sent():
    clock = nameless()
    assert clock.see(cups(PROCESSING), 'absent', 2 * DELIVERY_TIMEOUT) is None
    assert clock.cancelled == 0  # the printer may have it
    assert not clock.follower.at_printer
    assert clock.see(cups(COMPLETED), 'absent', GRACE_PERIOD - 1) is None
    assert clock.see(cups(COMPLETED), 'absent').state == 'sent'


def test_a_badge_that_is_seen_late_is_followed():
    clock = nameless()
    assert clock.see(cups(COMPLETED), 'absent', GRACE_PERIOD - 1) is None
    assert clock.see(cups(COMPLETED), job(PROCESSING), 10) is None
    assert clock.follower.at_printer
    assert clock.see(cups(COMPLETED), 'absent').reason == 'printer_lost_job'


def test_a_busy_printer_gets_more_time():
    """A printer that is too busy to show whether it names jobs gets more time."""
    clock = nameless(None)
    assert clock.see(cups(COMPLETED), 'absent', LEARN_TIMEOUT - 1) is None
    assert clock.see(cups(COMPLETED), 'absent').reason == 'not_seen_at_printer'


def test_cancelled_on_its_way_to_hidden_names():
    """What was cancelled on its way to a printer that hides names is unknown."""
    clock = nameless(expires=5.0)
    clock.see(cups(PROCESSING), 'absent')
    assert clock.cancelled == 1
    assert clock.see(cups(CANCELED), 'absent').state == 'unknown'
    assert nameless().see(cups(ABORTED), 'absent').state == 'failed'
    assert nameless().see('absent', 'absent').reason == 'cups_lost_job'


def test_without_the_printers_word_the_best_is_sent():
    clock = Clock(asks=False)
    assert clock.follower.at_printer
    assert clock.see(cups(PROCESSING), None, 600) is None
    assert clock.see(cups(COMPLETED), None).state == 'sent'


@pytest.mark.parametrize('state', [STOPPED, CANCELED, ABORTED])
def test_a_failure_in_cups_is_a_failure(state):
    assert Clock(asks=False).see(cups(state), None).state == 'failed'


def test_a_stale_badge_that_cups_had_not_begun_is_returned():
    clock = Clock(asks=False, expires=5.0)
    clock.see(cups(PENDING, started=False), None)
    assert clock.cancelled == 1
    end = clock.see(cups(CANCELED, started=False), None)
    assert (end.state, end.reason) == ('returned', 'expired')


def test_a_stale_badge_that_was_on_its_way_is_unknown():
    clock = Clock(asks=False, expires=5.0)
    clock.see(cups(PROCESSING), None)
    assert clock.see(cups(CANCELED), None).state == 'unknown'


def test_an_orphan_at_a_printer_that_says_nothing():
    """An orphaned job may have been on its way to a printer that cannot be asked."""
    clock = Clock(asks=False)
    assert clock.see(cups(HELD, started=False), None, ORPHAN_TIMEOUT - 1) is None
    assert clock.cancelled == 0
    clock.see(cups(HELD, started=False), None)
    assert clock.cancelled == 1
    end = clock.see(cups(CANCELED, started=False), None)
    assert (end.state, end.reason) == ('unknown', 'stuck')


CONNECTING = CupsView(PROCESSING, started=True, connecting=True, busy=True)
LETTING_GO = CupsView(CANCELED, started=True, busy=True)


@pytest.mark.parametrize(('unreached', 'state'), [(True, 'returned'), (False, 'unknown')])
def test_a_connection_that_is_not_made(unreached, state):
    """A connection that is not made is a fault and certain only if nobody took it."""
    clock = Clock(asks=False)
    assert clock.see(CONNECTING, None, CONNECT_TIMEOUT - 1) is None
    assert clock.cancelled == 0
    clock.see(CONNECTING, None, 2)
    assert clock.cancelled == 1
    clock.follower.unreached = unreached
    assert clock.see(LETTING_GO, None, GRACE_PERIOD - 2) is None
    end = clock.see(cups(CANCELED), None)
    assert (end.state, end.reason) == (state, 'printer_unreachable')


def test_what_cups_does_not_let_go_of_is_never_certain():
    clock = Clock(asks=False)
    clock.see(CONNECTING, None, CONNECT_TIMEOUT + 1)
    clock.follower.unreached = True
    assert clock.see(LETTING_GO, None).state == 'unknown'


def test_a_connection_that_is_made_after_a_moment_is_no_fault():
    clock = Clock(asks=False)
    for _ in range(3):
        clock.see(CONNECTING, None, CONNECT_TIMEOUT - 2)
        clock.see(cups(PROCESSING), None, 1)
    assert clock.cancelled == 0


def test_a_printer_that_answers_only_us():
    """A printer that answers us but not CUPS gets the badge cancelled."""
    clock = Clock()
    clock.see(CONNECTING, 'absent', CONNECT_TIMEOUT + 1)
    assert clock.cancelled == 1
    assert clock.see(LETTING_GO, 'absent', 1) is None
    end = clock.see(cups(CANCELED), 'absent')
    assert (end.state, end.reason) == ('returned', 'printer_unreachable')


def test_cups_away_or_forgetful_without_a_printer_to_ask():
    assert Clock(asks=False).see('unreachable', None, CUPS_TIMEOUT - 2) is None
    assert Clock(asks=False).see('unreachable', None).reason == 'cups_down'
    assert Clock(asks=False).see('absent', None).reason == 'cups_lost_job'


def restarted(reason, *, asks=True):
    """The follower of a run that finds in the spool that the run before was about to cancel the job."""
    clock = Clock()
    clock.follower = Follower(asks=asks, now=clock.now, expires=clock.now + 1000, canceled_for=reason)
    return clock


@pytest.mark.parametrize('reason', ['expired', 'printer_unreachable'])
def test_own_cancellation_after_a_restart(reason):
    """The agent's own cancellation is no failure after a restart."""
    clock = restarted(reason)
    assert clock.follower.cancel.reason == reason  # asked for once more: nobody knows whether CUPS heard it
    clock.follower.canceled()
    end = clock.see(cups(CANCELED, 'job-canceled-by-user', started=False), 'absent', ABSENCE_TIMEOUT + 1)
    assert (end.state, end.reason) == ('returned', reason)


def test_own_cancellation_at_the_printer():
    """The agent's own cancellation at the printer is no failure."""
    clock = restarted('expired')
    end = clock.see(cups(CANCELED), JobView(7, CANCELED, ('job-canceled-by-user',), pages=0))
    assert (end.state, end.reason) == ('returned', 'expired')
    end = Clock().see(cups(CANCELED), job(CANCELED, 'job-canceled-by-user'))
    assert end.state == 'failed'


def test_own_cancellation_after_a_page():
    """A page that came out before the agent's own cancellation leaves doubt."""
    end = restarted('expired').see(cups(CANCELED), JobView(7, CANCELED, ('job-canceled-by-user',), pages=1))
    assert end.state == 'unknown'


def test_own_cancellation_without_counted_pages():
    """The agent's own cancellation at a printer that counts no pages leaves doubt."""
    # nothing says that no page came out, and what is returned comes out elsewhere
    end = restarted('expired').see(cups(CANCELED), job(CANCELED, 'job-canceled-by-user'))
    assert (end.state, end.reason) == ('unknown', 'expired')


@pytest.mark.parametrize('reason', ['job-canceled-at-device', 'media-jam'])
def test_what_others_cancelled_at_the_printer_is_a_failure(reason):
    end = restarted('expired').see(cups(CANCELED), JobView(7, CANCELED, (reason,), pages=0))
    assert (end.state, end.reason) == ('failed', reason)


@pytest.mark.parametrize(('asks', 'view'), [(True, 'absent'), (False, None)])
def test_aborted_before_the_cancellation(asks, view):
    """What CUPS aborted before it was asked to cancel it is a failure."""
    follower, aborted = restarted('expired', asks=asks).follower, cups(ABORTED, message='No.')
    ends = [follower.step(now, aborted, view) for now in (0.0, ABSENCE_TIMEOUT)]
    assert ends[-1].state == 'failed'


def test_what_is_at_the_printer_after_a_restart_is_not_cancelled():
    clock = restarted('printer_unreachable')
    assert clock.see(cups(PROCESSING), job(PROCESSING), 5) is None
    assert clock.cancelled == 0
    assert clock.see(cups(COMPLETED), job(COMPLETED)).state == 'completed'


def test_a_doubt_of_the_earlier_run_outlasts_the_deadline():
    clock = restarted('stuck', asks=False)
    clock.follower.expires = clock.now
    clock.see(cups(PENDING, started=False), None)
    assert clock.cancelled == 1
    assert clock.see(cups(CANCELED, started=False), None).state == 'unknown'


@pytest.mark.parametrize(('reason', 'state'), [('expired', 'returned'), ('stuck', 'unknown')])
def test_after_a_restart_where_only_cups_can_be_asked(reason, state):
    end = restarted(reason, asks=False).see(cups(CANCELED, 'job-canceled-by-user', started=False), None)
    assert (end.state, end.reason) == (state, reason)


def test_what_was_to_be_cancelled_and_came_out_is_completed():
    assert restarted('expired').see(cups(COMPLETED), job(COMPLETED)).state == 'completed'


def test_a_printer_that_cups_cannot_read_is_waited_for_a_minute():
    clock = Clock(asks=False)
    view = replace(cups(PROCESSING), unreadable=True)
    assert clock.see(view, None, DELIVERY_TIMEOUT - 1) is None
    assert clock.cancelled == 0
    assert clock.see(cups(PROCESSING), None, 1) is None  # it could once
    assert clock.see(view, None, DELIVERY_TIMEOUT - 1) is None
    assert clock.cancelled == 0
    assert clock.see(view, None, 2) is None
    assert clock.cancelled == 1
    end = clock.see(cups(CANCELED), None)
    assert (end.state, end.reason) == ('unknown', 'stuck')
