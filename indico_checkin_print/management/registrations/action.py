"""Printing the badges of chosen registrations, from Indico's participant list and from the page of a registration."""

from collections import Counter
from dataclasses import dataclass
from itertools import chain

from flask import flash, request, session
from werkzeug.exceptions import Forbidden
from wtforms.fields import HiddenField, IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange, ValidationError
from wtforms.widgets import HiddenInput

from indico.core import signals
from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.modules.logs.models.entries import LogKind
from indico.util.signals import values_from_signal
from indico.web.util import jsonify_data, jsonify_template

from indico_checkin_print import _, kick, ledger
from indico_checkin_print.badge.blocked import is_blocked
from indico_checkin_print.badge.persons import persons_of
from indico_checkin_print.management.base import LABELS_ABOVE, PERMISSION, WPCheckinPrint, action_form, in_english
from indico_checkin_print.management.jobs.filter import MAX_ID
from indico_checkin_print.management.jobs.reprint import REASONS
from indico_checkin_print.management.registrations.chosen import ChosenForm, RHChosenBase, is_confirmed
from indico_checkin_print.management.registrations.todo import ACTS, PRINTS, Todo, decide
from indico_checkin_print.management.setup.when import lock_setup, setup_of
from indico_checkin_print.management.today.pause import wait_if_paused
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason


#: One of these is enough to print the badges of one registration; for several it takes `PERMISSION`
MAY_PRINT_ONE = (PERMISSION, 'registration_checkin')
#: What the dialog says before, and the message after
WORDS = {
    Todo.reprint: (_('Had a badge, will get another one: {}'), _('Printed again: {}')),
    Todo.release: (_('Badge waits, will be released: {}'), _('Released: {}')),
    Todo.retry: (_('Badge did not come out, will be retried: {}'), _('Retried: {}')),
    Todo.first: (_('Checked in, will get their first badge: {}'), _('Printed for the first time: {}')),
    Todo.early: (_('Not checked in, will get their badge now: {}'), _('Printed before the check-in: {}')),
    Todo.unpaid: (_('Not paid, their badge waits until they are: {}'), _('Waiting until they have paid: {}')),
    Todo.under_way: (_('Badge on its way, skipped: {}'), _('On their way already: {}')),
    Todo.waits: (_('Badge waits until printing resumes, skipped: {}'),
                 _('Unchanged, they wait until printing resumes: {}')),
    Todo.not_checked_in: (_('Not checked in, skipped: {}'), _('Skipped, not checked in: {}')),
    Todo.not_allowed: (_('Not complete, or their ticket is blocked, skipped: {}'),
                       _('Skipped, they may have no badge: {}')),
    Todo.not_paid: (_('Not paid, and this event prints no badge then, skipped: {}'),
                    _('Skipped, not paid: {}')),
    Todo.no_desk: (_('No desk to print at, skipped: {}'), _('Skipped, there is no desk to print at: {}')),
}
#: The same about badges that are asked for during a pause
PAUSED = _('Printing is paused. Number of these that wait until it resumes: {}')


@dataclass(frozen=True)
class Badge:
    """One person's badge, and what is done about it when somebody asks for it."""

    registration: Registration
    #: The id of an accompanying person; empty for the registrant
    person: str
    #: The latest one
    job: Job | None
    todo: Todo
    #: Whether its desk, or the whole event, is paused
    paused: bool


class PrintRegistrationsForm(ChosenForm):
    """Why people get another badge, if any of them had one."""

    reason = SelectField(_('Why another badge'),
                         choices=[('', _('Please select…')),
                                  *((str(reason), title) for reason, title in REASONS.items())])
    #: The newest job when the dialog was opened
    newest = IntegerField(validators=[InputRequired(), NumberRange(min=0, max=MAX_ID)], widget=HiddenInput())
    #: Whether people get a badge who are not checked in
    early = HiddenField()

    def __init__(self, *args, with_reprints, **kwargs):
        self.needs_reason = with_reprints
        super().__init__(*args, **kwargs)
        if not with_reprints:
            del self.reason

    def validate_reason(self, field):
        if self.needs_reason and not field.data:
            raise ValidationError(_('Choose why they get another badge.'))


class RHPrintRegistrations(RHChosenBase):
    """Print the badges of the registrations that the form's field ``registration_id`` names."""

    PERMISSION = MAY_PRINT_ONE

    def _check_access(self):
        RHChosenBase._check_access(self)
        if len(self.ids) > 1 and not self.event.can_manage(session.user, PERMISSION):
            raise Forbidden(_('You may print the badge of one person at a time.'))

    def _process(self):
        registrations = self._registrations()
        if not registrations:
            flash(_('Choose some registrations first.'), 'warning')
            return jsonify_data(flash=False)
        # of one person, on whose page it is asked for; many make a batch
        early = bool(request.form.get('early')) and len(registrations) == 1
        badges = badges_of(self.regform, registrations, early=early)
        counts = Counter(badge.todo for badge in badges)
        if not any(counts[todo] for todo in ACTS):
            # there is nothing to confirm
            return jsonify_template('nobody.html', _render_func=WPCheckinPrint.render_template_func,
                                    message=in_words(badges))
        form = PrintRegistrationsForm(event=self.event, with_reprints=bool(counts[Todo.reprint]),
                                      registration_id=sorted(self.ids), newest=_newest(self.event),
                                      early='1' if early else '')
        if form.validate_on_submit():
            # a second click on the same button finds what the first one made
            wanted = [badge for badge in badges if badge.job is None or badge.job.id <= form.newest.data]
            self._print(wanted, Reason(form.reason.data) if form.needs_reason else None)
            return jsonify_data(flash=False)
        return action_form(form, _('Print'), message=in_words(badges), form_header_kwargs=LABELS_ABOVE)

    def _registrations(self):
        """Return the chosen registrations, by name. What was submitted no second request prints meanwhile."""
        criteria = values_from_signal(
            signals.event.filter_registration_list.send(self.regform, user=session.user), as_list=True)
        chosen = (Registration.query.with_parent(self.regform)
                  .filter(Registration.id.in_(self.ids), ~Registration.is_deleted, *criteria)
                  .order_by(*Registration.order_by_name))
        if is_confirmed():
            # who only looks at the dialog keeps no check-in waiting
            chosen = chosen.with_for_update(key_share=True, of=Registration)
        return chosen.all()

    def _print(self, badges, reason):
        # nobody pauses or resumes until these are in the queue
        lock_setup(self.event)
        actor = f'user:{session.user.id}'
        done = {todo: [badge for badge in badges if badge.todo == todo] for todo in Todo}
        queued = {Todo.reprint: [ledger.reprint(badge.job, session.user, reason).id for badge in done[Todo.reprint]]}
        for todo, why in ((Todo.release, Reason.released), (Todo.retry, Reason.retried)):
            if done[todo]:
                queued[todo] = ledger.release([badge.job for badge in done[todo]], actor, why)
        for todo in (Todo.first, Todo.early, Todo.unpaid):
            queued[todo] = [id_ for badge in done[todo] for id_ in self._print_first(badge, actor)]
        waiting = wait_if_paused(self.event, chain.from_iterable(queued.values()))
        entered = [badge for todo in ACTS for badge in done[todo]]
        if entered:
            kick.after_commit()
            counts = {todo.name: len(done[todo]) for todo in ACTS if done[todo]}
            numbers = sorted({badge.registration.friendly_id for badge in entered})
            self._log(LogKind.change, f'Badges printed from the participant list of "{self.regform.title}"',
                      registrations=', '.join(f'#{number}' for number in numbers),
                      **counts, **({'reason': in_english(REASONS[reason])} if done[Todo.reprint] else {}),
                      **({'wait_for_the_pause': len(waiting)} if waiting else {}))
        for todo in Todo:
            if count := len(done[todo]) - len(waiting.intersection(queued.get(todo, ()))):
                flash(WORDS[todo][1].format(count), 'success' if todo in PRINTS else 'warning')

    def _print_first(self, badge, actor):
        registration = badge.registration
        desk = ledger.desk_for_form(self.regform, session.user, registration, badge.person)
        waits = {'state': JobState.held, 'reason': Reason.unpaid} if badge.todo == Todo.unpaid else {}
        row = ledger.new_row(Job.PURPOSE_BADGE, person=badge.person, desk_id=desk.desk_id, detail=desk.detail, **waits)
        return ledger.record([row], event_id=self.event.id, registration_id=registration.id,
                             checked_in_dt=registration.checked_in_dt, user_id=session.user.id, actor=actor)


def badges_of(regform, registrations, *, early=False):
    """Return the `Badge` of each person of some registrations of a form, in their order.

    :param early: Whether somebody asks for the badge of people who are not checked in.
    """
    setup = regform.checkin_print_setup
    prints = setup is not None and setup.enabled
    desk_id = ledger.desk_for_form(regform, session.user).desk_id if prints else None
    jobs = latest_badges([registration.id for registration in registrations])
    is_paused = _pauses(regform.event)
    policy = setup_of(regform.event).unpaid

    def _badge(registration, person):
        job = jobs.get((registration.id, person))
        paused = is_paused(job.desk_id if job is not None and job.desk_id is not None else desk_id)
        same_checkin = job is not None and job.checked_in_dt == registration.checked_in_dt
        todo = decide(job, checked_in=registration.checked_in, same_checkin=same_checkin,
                      allowed=prints and _may_have_one(registration), has_desk=desk_id is not None, paused=paused,
                      early=early, unpaid=policy if registration.state == RegistrationState.unpaid else None)
        return Badge(registration, person, job, todo, paused)

    return [_badge(registration, person) for registration in registrations
            for person in (persons_of(registration) if prints and setup.kind == BadgeKind.badge else [''])]


def in_words(badges):
    """Return the sentences of the dialog: how many of what."""
    counts = Counter(badge.todo for badge in badges)
    sentences = [WORDS[todo][0].format(counts[todo]) for todo in Todo if counts[todo]]
    if paused := sum(badge.paused and badge.todo in PRINTS for badge in badges):
        sentences.insert(sum(counts[todo] > 0 for todo in PRINTS), PAUSED.format(paused))
    return ' '.join(f'{sentence}.' for sentence in sentences)


def _may_have_one(registration):
    return (registration.state in {RegistrationState.complete, RegistrationState.unpaid}
            and not is_blocked(registration))


def _pauses(event):
    """Return a function of a desk's id: whether it, or the whole event, is paused."""
    whole = setup_of(event).paused
    desks = {id_ for id_, in db.session.query(Desk.id).filter(Desk.event_id == event.id, Desk.paused)}
    return lambda desk_id: whole or desk_id in desks


def latest_badges(registration_ids, *conditions):
    """Return the latest badge of each person, of those that meet the conditions, by registration and person."""
    jobs = (Job.query
            .filter(Job.registration_id.in_(registration_ids), Job.purpose == Job.PURPOSE_BADGE, *conditions)
            .distinct(Job.registration_id, Job.person)
            .order_by(Job.registration_id, Job.person, Job.id.desc())
            .populate_existing())
    return {(job.registration_id, job.person): job for job in jobs}


def _newest(event):
    return db.session.query(db.func.max(Job.id)).filter(Job.event_id == event.id).scalar() or 0
