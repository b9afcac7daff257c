"""Badges that are held: how many, why, and what a manager does about all of them at once."""

from dataclasses import dataclass

from flask import flash, request, session
from werkzeug.exceptions import NotFound
from wtforms.fields import SelectField
from wtforms.validators import InputRequired

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.logs.models.entries import LogKind

from indico_checkin_print import _, kick, ledger
from indico_checkin_print.ledger.conditions import in_batch_queue
from indico_checkin_print.management.base import (DialogForm, RHCheckinPrintBase, RHJobBase, action_form, dialog_done,
                                                  in_english)
from indico_checkin_print.management.setup.when import lock_setup, setup_of
from indico_checkin_print.management.today.pause import wait_if_paused
from indico_checkin_print.management.visibility import visible
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason, describe


#: Why they are held, after their number
WHY_HELD = {
    Reason.bulk: _('many people were checked in at once'),
    Reason.unpaid: _('not paid'),
    Reason.already_printed: _('had a badge before'),
    Reason.paused: _('printing was paused'),
    Reason.no_name: _('the badge would show no name'),
    Reason.missing_glyphs: _('a character has no font'),
    Reason.lost_picture: _('a picture cannot be printed'),
    Reason.badge_desk: _('not scanned at the badge desk yet'),
}
#: What a person can release; the others wait for a desk
CAN_RELEASE = tuple(WHY_HELD)
ORDERS = {
    'checkin': (_('In the order of check-in'), (Job.queue_dt, Job.id)),
    'name': (_('By last name'), (*Registration.order_by_name, Job.id)),
    'number': (_('By registration number'), (Registration.friendly_id, Job.id)),
}


@dataclass(frozen=True)
class Held:
    """The badges that are held for one reason."""

    reason: str
    sentence: str
    count: int
    can_release: bool


class ReleaseForm(DialogForm):
    """The order in which badges that are held print."""

    order = SelectField(_('Order'), [InputRequired()], default='checkin',
                        choices=[(key, title) for key, (title, __) in ORDERS.items()],
                        description=_('Badges come out in this order at each desk.'))


class RHReleaseHeld(RHCheckinPrintBase):
    """Print all badges that are held for one reason."""

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.reason = Reason.get(request.args.get('reason', Reason.bulk))
        if self.reason not in CAN_RELEASE:
            raise NotFound

    def _process(self):
        form = ReleaseForm(event=self.event)
        if form.validate_on_submit():
            __, order = ORDERS[form.order.data]
            # nobody pauses or resumes until these are in the queue
            lock_setup(self.event)
            jobs = _releasable(self.event, self.reason).order_by(*order).all()
            released = ledger.release(jobs, f'user:{session.user.id}')
            printing = len(released) - len(wait_if_paused(self.event, released))
            if released:
                kick.after_commit()
                self._log(LogKind.positive, 'Badges released that were held', badges=len(released),
                          why_they_waited=in_english(self.reason.sentence), order=form.order.data)
            if printing or not released:
                flash(_('Badges that print now: {}').format(printing), 'success')
            return dialog_done()
        message = _('Badges that wait: {count} – {why}.').format(count=_releasable(self.event, self.reason).count(),
                                                                 why=WHY_HELD[self.reason])
        return action_form(form, _('Release all'), message=message)


class RHDiscardHeld(RHCheckinPrintBase):
    """End all badges that are held."""

    def _process(self):
        discarded = len(ledger.discard_held(self.event.id, session.user,
                                            [~in_batch_queue(), *visible(self.event)]))
        if discarded:
            self._log(LogKind.negative, 'All badges discarded that were held', badges=discarded)
        flash(_('Badges that were discarded: {}').format(discarded), 'success')
        return self._back_to_page()


class RHReleaseJob(RHJobBase):
    """Print one badge that is held."""

    def _process(self):
        held = can_release(self.job)
        if held and self.job.desk_id is None and not has_desk(self.event):
            flash(_('There is no desk to print at. Add one first.'), 'error')
        elif held and ledger.release([self.job], f'user:{session.user.id}', desk=self._desk()):
            kick.after_commit()
            flash(_('The badge prints now.'), 'success')
        else:
            flash(_('The badge has changed in the meantime.'), 'warning')
        return self._back_to_page()


def can_release(job):
    """Return whether a person can print a job that is held."""
    return job.state == JobState.held and job.reason in CAN_RELEASE


def held_jobs(event, setup):
    """Return what is held, as a list of `Held`, most first."""
    rows = (db.session.query(Job.reason, db.func.count(), db.func.count().filter(_desk_works()))
            .outerjoin(Desk, Desk.id == Job.desk_id)
            .filter(Job.event_id == event.id, Job.state == JobState.held, ~in_batch_queue(),
                    *visible(event))
            .group_by(Job.reason)
            .order_by(db.func.count().desc(), Job.reason))
    # a check-in that was under way when printing resumed may have left a badge behind
    return [Held(reason, str(describe(reason)), count,
                 can_release=(not setup.paused and working > 0) if reason == Reason.paused else reason in CAN_RELEASE)
            for reason, count, working in rows]


def _releasable(event, reason):
    query = (Job.query
             .outerjoin(Registration, Registration.id == Job.registration_id)
             .outerjoin(Desk, Desk.id == Job.desk_id)
             .filter(Job.event_id == event.id, Job.state == JobState.held, Job.reason == reason,
                     *visible(event)))
    if not has_desk(event):
        query = query.filter(Job.desk_id.isnot(None))
    if reason == Reason.paused:
        query = query.filter(_desk_works(), not setup_of(event).paused)
    return query


def _desk_works():
    return db.func.coalesce(~Desk.paused, True)


def has_desk(event):
    """Return whether an event has a desk that a badge without one could go to."""
    return Desk.query.filter_by(event_id=event.id, is_deleted=False).has_rows()
