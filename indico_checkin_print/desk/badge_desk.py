"""The badge desk: it prints the badge of somebody who was checked in before, at the entrance, where nothing prints."""

from dataclasses import dataclass

from indico.core.db import db

from indico_checkin_print import kick, ledger
from indico_checkin_print.badge.blocked import is_blocked
from indico_checkin_print.badge.persons import persons_of
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.admission import CheckIn, judge
from indico_checkin_print.routing.desk import DeskChoice
from indico_checkin_print.signals import origin
from indico_checkin_print.signals.checkin import desks_of, load_setup
from indico_checkin_print.signals.savepoint import savepoint


@dataclass(frozen=True)
class Waiting:
    """A badge that waits for the badge desk, and what becomes of it if it is scanned now."""

    job: Job
    state: JobState
    reason: Reason
    desk: DeskChoice


def waiting_badges(registration):
    """Return each `Waiting` badge of a registration that prints if its ticket is scanned in this request.

    The caller has locked the registration: of two scans at the same moment the second finds none.
    """
    found = []
    if not registration.checked_in:
        return found
    # what fails here would fail again with each scan of this ticket, and nobody behind it would get in
    with savepoint('Badges of registration %d that wait for the badge desk could not be looked up', registration.id):
        jobs = _held_for(registration).order_by(Job.id).populate_existing().all()
        if jobs:
            found = _judge(registration, jobs)
    return found


def waits_for_badge_desk(registration):
    """Return whether a badge of a registration waits until its ticket is scanned at the badge desk."""
    return db.session.query(_held_for(registration).exists()).scalar()


def _held_for(registration):
    return Job.query.filter_by(registration_id=registration.id, checked_in_dt=registration.checked_in_dt,
                               purpose=Job.PURPOSE_BADGE, state=JobState.held, reason=str(Reason.badge_desk))


def _judge(registration, jobs):
    loaded = load_setup(registration, origin.user_id(), origin.token())
    if loaded is None:
        return []
    setup, desk_facts, rules, already_printed, *__ = loaded
    way = origin.way()
    if way not in setup.sources:
        return []
    persons = persons_of(registration) if setup.kind == BadgeKind.badge else ['']
    # those of accompanying persons who come no more wait for ever
    jobs = [job for job in jobs if job.person in persons]
    desks = desks_of(registration, [job.person for job in jobs], desk_facts, rules, way)
    checkin = CheckIn(source=way, state=registration.state, blocked=is_blocked(registration),
                      already_printed=already_printed)
    return [Waiting(job, *judge(setup, checkin, desk.desk_id, job.person), desk)
            for job in jobs for desk in (desks[job.person],)]


def hand_out(registration, badges):
    """Begin to print badges that waited for the badge desk. Return the states that they are in now.

    :param badges: What `waiting_badges` returned.
    """
    with savepoint('Badges of registration %d could not be handed out', registration.id) as attempt:
        states = {badge.state for badge in badges
                  if ledger.hand_out(badge.job, badge.state, badge.reason, badge.desk, origin.user_id(),
                                     origin.actor())}
    if attempt.failed or not states:
        return set()
    kick.after_commit()
    return states
