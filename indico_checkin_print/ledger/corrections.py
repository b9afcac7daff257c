"""What happens to jobs when what they were made of is no longer true: names, templates, states, check-ins."""

from indico.core.db import db
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print.badge.content import is_current
from indico_checkin_print.ledger.cancellation import cancel_check_in
from indico_checkin_print.ledger.holds import hold_paused
from indico_checkin_print.ledger.states import CORRECTABLE, EXPIRES_AFTER, HELD_EXPIRES_AFTER, STILL_HERE
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import UNASSIGNED, draw_anew, move, recall
from indico_checkin_print.models.choices import BadgeKind, UnpaidPolicy
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import notify, now


def redraw(changes, actor):
    """Let badges be drawn anew that have no go yet. Those with one are asked when they are returned (`draw_anew`).

    This is for speed, and for badges that are held for what is on them: the go itself is given to no badge that shows
    something old.

    :param changes: A `corrections.Changes`.
    :return: The ids of the jobs that are queued now.
    """
    where = _touched(changes)
    if not where:
        return []
    ids = _lock(db.or_(*where))
    if not ids:
        return []
    queued = draw_anew(ids, actor)
    named = move([Job.id.in_(ids), Job.state == S.held, Job.reason.in_(CORRECTABLE), ~is_current()], S.queued,
                 Reason.corrected, actor, next_try_dt=now(), expires_dt=now(EXPIRES_AFTER.total_seconds()))
    for event_id, in db.session.query(Job.event_id.distinct()).filter(Job.id.in_(named)):
        hold_paused(event_id, actor, job_ids=named)
    if named:
        notify('queued')
    return [*queued, *named]


def _lock(touched):
    """Keep the jobs of a change from workers and relays until it is committed; until then they read what was before.

    Return the ids of those that a change still matters to.

    Those that are queued as well: a worker that took one now would draw the old name and not hear of the correction. In
    the order in which relays take them, because two that lock in different orders end in a deadlock.
    """
    # the first condition is that of an index; among all jobs that ever were it finds the few that wait
    return db.session.execute(db.select(Job.id)
                              .where(Job.state.in_(STILL_HERE), touched,
                                     db.or_(Job.state != S.held, Job.reason.in_(CORRECTABLE)))
                              .order_by(Job.queue_dt, Job.id).with_for_update(key_share=True)).scalars().all()


def _touched(changes):
    """Return the conditions for the jobs that some changes concern; any of them will do."""
    where = []
    if changes.registrations:
        where.append(Job.registration_id.in_(changes.registrations))
    if changes.forms:
        where.append(_of_forms(RegistrationForm.id.in_(changes.forms)))
    if changes.templates:
        templates = (db.select(DesignerTemplate.id)
                     .where(db.or_(DesignerTemplate.id.in_(changes.templates),
                                   DesignerTemplate.backside_template_id.in_(changes.templates))))
        prints = db.select(FormSetup.registration_form_id).where(FormSetup.template_id.in_(templates))
        # a form without a ticket template of its own has the one of its event or category
        tickets = (db.select(FormSetup.registration_form_id)
                   .join(RegistrationForm, RegistrationForm.id == FormSetup.registration_form_id)
                   .where(FormSetup.kind == BadgeKind.ticket,
                          db.or_(RegistrationForm.ticket_template_id.is_(None),
                                 RegistrationForm.ticket_template_id.in_(templates))))
        # and so it is with badges; and people whom a template rule fits are in any form of its event
        defaults = (db.select(FormSetup.registration_form_id)
                    .where(FormSetup.kind == BadgeKind.badge, FormSetup.template_id.is_(None)))
        rules = db.select(EventSetup.event_id).where(_has_rules_for(changes.templates))
        where.append(_of_forms(db.or_(RegistrationForm.id.in_(prints), RegistrationForm.id.in_(tickets),
                                      RegistrationForm.id.in_(defaults), RegistrationForm.event_id.in_(rules))))
        where.append(Job.facts['template'].astext.cast(db.Integer).in_(templates))
    if changes.events:
        where.append(Job.event_id.in_(changes.events))
    if changes.categories:
        where.append(db.session.query(Event.id)
                     .filter(Event.id == Job.event_id, Event.category_chain_overlaps(changes.categories)).exists())
    return where


def _has_rules_for(templates):
    """Return the condition for events with a rule for one of some templates, or for one that has it as its backside."""
    fronts = (db.session.query(DesignerTemplate.id).filter(DesignerTemplate.backside_template_id.in_(templates)))
    ids = {*templates, *(id_ for id_, in fronts)}
    return db.or_(*(EventSetup.template_rules.contains([{'template': id_}]) for id_ in sorted(ids)))


def _of_forms(forms):
    """Return the condition for the jobs of some registration forms that may still be drawn anew."""
    # asked from the jobs, of which few are alive, and not from the registrations, of which there are many
    return (db.session.query(Registration.id)
            .join(RegistrationForm, RegistrationForm.id == Registration.registration_form_id)
            .filter(Registration.id == Job.registration_id, forms).exists())


def undo_unsignaled(registration_ids, actor):
    """Enter check-ins that were undone, wherever that was done: Indico sends no signal when it resets a registration.
    """
    return [id_ for registration in Registration.query.filter(Registration.id.in_(registration_ids))
            for id_ in cancel_check_in(registration, actor)] if registration_ids else []


def follow_state(registration, actor):
    """Hold or end the badges of a registration whose state allows none any more. Return their ids."""
    badges = [Job.registration_id == registration.id, Job.purpose == Job.PURPOSE_BADGE]
    if registration.state not in (RegistrationState.complete, RegistrationState.unpaid):
        return recall(badges, S.canceled, Reason.not_complete, actor, **UNASSIGNED)
    if registration.state == RegistrationState.complete:
        return []
    setup = EventSetup.query.get(registration.event_id)
    policy = setup.unpaid if setup is not None else UnpaidPolicy.hold
    if policy == UnpaidPolicy.skip:
        # what waits for the badge desk prints with a scan after the payment
        badges.append(db.or_(Job.state != S.held, Job.reason != Reason.badge_desk))
        return recall(badges, S.canceled, Reason.not_paid, actor, **UNASSIGNED)
    if policy == UnpaidPolicy.hold:
        # what waits for something else as well must not print because of a payment; a pause is asked again then
        badges.append(db.or_(Job.state != S.held, Job.reason.in_([Reason.paused, Reason.in_batch])))
        return recall(badges, S.held, Reason.unpaid, actor, expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()),
                      **UNASSIGNED)
    return []


def restamp(registration, stamped):
    """Let the jobs of a check-in follow it when a second scan at the same moment put another time on it.

    Those of `stamped` (the time before, if known), and those of a badge that waits: undoing a check-in would have
    cancelled it. A message to a webhook proves nothing, as it goes out all the same. Return their ids.
    """
    badge = db.aliased(Job)
    waiting = db.select(badge.checked_in_dt).where(
        badge.registration_id == registration.id, badge.purpose == Job.PURPOSE_BADGE, badge.reprint_of_id.is_(None),
        badge.state.in_(STILL_HERE))
    same = db.or_(Job.checked_in_dt == stamped, Job.checked_in_dt.in_(waiting))
    return db.session.execute(
        db.update(Job.__table__)
        .where(Job.registration_id == registration.id, Job.checked_in_dt != registration.checked_in_dt,
               Job.reprint_of_id.is_(None), same)
        .values(checked_in_dt=registration.checked_in_dt).returning(Job.id)).scalars().all()
