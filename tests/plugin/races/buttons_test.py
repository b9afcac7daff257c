"""People press buttons at the same moment, or while a worker is busy with the badge."""

from datetime import timedelta

import pytest

from indico.core.db import db as db_
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import ledger
from indico_checkin_print.management.setup.when import lock_setup
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.races.conftest import BADGE, S, claim_render, jobs_by_state, states_of
from tests.plugin.races.connections import TIMEOUT


def release(job_id, reason=Reason.released):
    # as the pages do: read, look at it, release
    job = Job.query.filter_by(id=job_id, state=S.held).first()
    return ledger.release([job], 'user:1', reason) if job is not None else []


def test_undone_while_it_is_released(db, races, people, held):
    registration_id = people[0].id
    released, canceled = races.while_holding(
        lambda: release(held),
        lambda: ledger.cancel_check_in(Registration.get(registration_id), 'user:2'))
    assert (released, canceled) == ([held], [held])
    assert states_of(held)[-2:] == [S.queued, S.canceled]
    assert jobs_by_state(db)[held] == S.canceled


@pytest.mark.parametrize('what', ['undone', 'discarded'])
def test_released_while_it_ends(db, races, people, held, dummy_user, what):
    """The user who pressed Release saw a badge that waits, not one that somebody ends at the same moment."""
    def _end():
        if what == 'undone':
            return ledger.cancel_check_in(people[0], 'user:2')
        return ledger.discard([Job.get(held)], dummy_user)

    ended, released = races.while_holding(_end, lambda: release(held))
    assert (ended, released) == ([held], [])
    assert states_of(held)[-2:] == [S.held, S.canceled]
    # who wants it after all says so
    assert ledger.retry(Job.query.populate_existing().get(held), dummy_user) == [held]


def test_two_release_the_same(db, races, held):
    first, second = races.while_holding(lambda: release(held), lambda: release(held))
    assert (first, second) == ([held], [])
    assert states_of(held)[-2:] == [S.held, S.queued]


def pause(event_id, *, paused):
    """What the button does."""
    setup = lock_setup(Event.get(event_id))
    setup.paused = paused
    db_.session.flush()
    return ledger.hold_paused(event_id, 'user:1') if paused else ledger.release_paused(event_id, 'user:1')


@pytest.mark.parametrize('last', [True, False])
def test_paused_and_resumed_at_the_same_moment(db, races, event, queued, last):
    """The last one decides about every badge."""
    event_id = event.id
    pause(event_id, paused=not last)
    if last:
        # there is something to resume
        pause(event_id, paused=True)
    races.commit()
    __, second = races.while_holding(lambda: pause(event_id, paused=not last),
                                     lambda: pause(event_id, paused=last))
    assert sorted(second) == queued
    assert set(jobs_by_state(db).values()) == {S.held if last else S.queued}


def test_both_buttons_many_times(db, races, event, queued):
    event_id = event.id
    pause(event_id, paused=False)
    races.commit()
    for __ in range(5):
        races.at_once(lambda: pause(event_id, paused=True), lambda: pause(event_id, paused=False))
        paused = db.session.execute(db.text('SELECT paused FROM plugin_checkin_print.events')).scalar()
        assert set(jobs_by_state(db).values()) == {S.held if paused else S.queued}
        races.commit()


def test_a_pause_takes_jobs_in_the_order_of_the_queue(db, races, event, queued):
    """As corrections and relays do. One that waits for the first badge and holds the second would be in a deadlock."""
    event_id, second, first = event.id, queued[0], queued[-1]
    # PostgreSQL on its own would come to this row last
    Job.query.filter_by(id=first).update({'queue_dt': Job.queue_dt - timedelta(minutes=1)})
    races.commit()
    lock = db.text('SELECT 1 FROM plugin_checkin_print.jobs WHERE id = :id FOR NO KEY UPDATE NOWAIT')
    db.session.execute(lock, {'id': first})
    future = races.start(lambda: pause(event_id, paused=True))
    races.until_waits(future)
    db.session.execute(lock, {'id': second})
    races.commit()
    assert sorted(future.result(TIMEOUT)) == queued


def test_paused_while_it_is_rendered(db, races, event, queued):
    event_id = event.id
    races.commit()
    claimed, waiting = races.while_holding(lambda: claim_render('worker'), lambda: pause(event_id, paused=True))
    assert claimed in waiting
    # the worker is ready only now, and nobody wants its badge
    job = Job.query.populate_existing().get(claimed)
    assert not ledger.rendered(job, BADGE, 'worker')
    assert jobs_by_state(db)[claimed] == S.held
    assert states_of(claimed)[-2:] == [S.rendering, S.held]
