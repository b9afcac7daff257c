"""Desks: where people get their badge."""

from flask import flash, session
from sqlalchemy.exc import IntegrityError
from wtforms.fields import SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.base import FormDefaults
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _, kick, ledger, sql
from indico_checkin_print.ledger.states import STILL_HERE
from indico_checkin_print.management.base import DialogForm, RHCheckinPrintBase, RHDeskBase, action_form, dialog_done
from indico_checkin_print.management.setup.delivery_choices import (MAX_PRINTERS, delivery_choices, delivery_of,
                                                                    further_choices, set_delivery)
from indico_checkin_print.management.visibility import visible_registrations
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.own_desks import OwnDesk
from indico_checkin_print.models.rules import FormSetup


#: Letters of each name on a test badge
MAX_NAME = 250
_WAITING = [*STILL_HERE, JobState.dispatched, JobState.printing]


class DeskForm(DialogForm):
    """Name of a desk and what its badges are sent to, in plain fields: their order must be clear without a mouse."""

    name = StringField(_('Name'), [DataRequired(), Length(max=100)],
                       description=_('What the people at check-in call it, such as "Desk 1" or "North entrance".'))
    delivery = SelectField(_('Badges go to'), [DataRequired()],
                           description=_('A printer of a connected print agent, or a webhook. If a printer is missing, '
                                         'check whether its agent is connected.'))
    second = SelectField(_('Second printer'), [Optional()],
                         description=_('With more than one printer, each badge goes to one that works and has the '
                                       'least to do; the first of the list if there are several. If a printer fails, '
                                       'its badges come out at the others.'))
    third = SelectField(_('Third printer'), [Optional()])
    fourth = SelectField(_('Fourth printer'), [Optional()])

    FURTHER = ('second', 'third', 'fourth')

    def __init__(self, *args, event, target=None, **kwargs):
        super().__init__(*args, event=event, target=target, **kwargs)
        self.delivery.choices = delivery_choices(event, target)
        for name in self.FURTHER:
            self[name].choices = further_choices(event, target)

    @property
    def deliveries(self):
        """What the badges go to, in order."""
        return [x for x in (self.delivery.data, *(self[name].data for name in self.FURTHER)) if x]

    def _validate_further(self, field):
        if not field.data:
            return
        if (self.delivery.data or '').startswith('webhook:'):
            raise ValidationError(_('A desk has printers or a webhook, not both.'))
        before = ['delivery', *self.FURTHER][:1 + self.FURTHER.index(field.short_name)]
        if field.data in {self[name].data for name in before}:
            raise ValidationError(_('This printer is in the list already.'))

    validate_second = validate_third = validate_fourth = _validate_further

    def validate_name(self, field):
        query = _desks(self.event).filter(db.func.lower(Desk.name) == db.func.lower(field.data))
        if self.target is not None:
            query = query.filter(Desk.id != self.target.id)
        if query.has_rows():
            raise ValidationError(_('Another desk has this name.'))


class RHAddDesk(RHCheckinPrintBase):
    """Add a desk."""

    def _process(self):
        self._check_limit(_desks(self.event))
        form = DeskForm(event=self.event)
        if form.validate_on_submit():
            desk = Desk(event=self.event)
            if _save(desk, form):
                flash(_('The desk "{}" has been added.').format(desk.name), 'success')
                self._log(LogKind.positive, f'Desk "{desk.name}" added', badges_go_to=_describe_delivery(desk))
                return jsonify_data(flash=False)
        return jsonify_form(form)


class RHEditDesk(RHDeskBase):
    """Change the name of a desk, or what its badges are sent to."""

    def _process(self):
        form = DeskForm(event=self.event, target=self.desk,
                        obj=FormDefaults(name=self.desk.name, **_deliveries_of(self.desk)))
        if form.validate_on_submit():
            before = _describe_delivery(self.desk)
            if _save(self.desk, form):
                _hand_over(self.desk)
                self._log(LogKind.change, f'Desk "{self.desk.name}" changed', badges_went_to=before,
                          badges_go_to=_describe_delivery(self.desk))
                flash(_('The desk "{}" has been changed.').format(self.desk.name), 'success')
                return jsonify_data(flash=False)
        return jsonify_form(form)


class RHDeleteDesk(RHDeskBase):
    """Delete a desk that no badge waits for."""

    TAB = 'setup'

    def _process(self):
        # a number would reveal something about people whom this user may not see
        if Job.query.filter(Job.desk_id == self.desk.id, Job.state.in_(_WAITING)).has_rows():
            flash(_('Badges still wait for the desk "{}". Choose another printer for it, or discard them first.')
                  .format(self.desk.name), 'error')
            return self._back_to_page()
        self.desk.is_deleted = True
        for model in (FormSetup, Device):
            model.query.filter_by(desk_id=self.desk.id).update({'desk_id': None})
        OwnDesk.query.filter_by(desk_id=self.desk.id).delete()
        self._log(LogKind.negative, f'Desk "{self.desk.name}" deleted')
        flash(_('The desk "{}" has been deleted.').format(self.desk.name), 'success')
        return self._back_to_page()


class TestNameForm(DialogForm):
    """The name on a test badge."""

    first_name = StringField(_('First name'), [Length(max=MAX_NAME)])
    last_name = StringField(_('Last name'), [DataRequired(), Length(max=MAX_NAME)],
                            description=_('By default the longest name among the registrations.'))


class RHTestDesk(RHDeskBase):
    """Print a test badge at a desk, with the longest registered name: what fits then fits for everybody."""

    def _process(self):
        job = _request_test(self.desk, longest_name(self.event))
        # nothing is known yet: it may fail in a moment
        flash(_('A test badge for "{}" was requested. The list of the latest badges shows what becomes of it.')
              .format(self.desk.name), 'success')
        return self._back_to_page(follow=job)


class RHTestDeskWithName(RHDeskBase):
    """Print a test badge at a desk, with a name that the manager types."""

    def _process(self):
        first_name, last_name = longest_name(self.event)
        form = TestNameForm(event=self.event, first_name=first_name, last_name=last_name)
        if form.validate_on_submit():
            job = _request_test(self.desk, (form.first_name.data or '', form.last_name.data))
            flash(_('A test badge for "{}" was requested. The list of the latest badges shows what becomes of it.')
                  .format(self.desk.name), 'success')
            return dialog_done(follow=job)
        return action_form(form, _('Print a test badge'))


def _request_test(desk, name):
    job = ledger.request_test(desk, session.user, name)
    kick.after_commit()
    return job


def longest_name(event):
    """Return the first and last name of the registration with the longest name that the user may see."""
    allowed = visible_registrations(event)
    query = (db.session.query(Registration.first_name, Registration.last_name)
             .filter(Registration.event_id == event.id, Registration.is_active,
                     *([] if allowed is None else [Registration.id.in_(allowed)]))
             .order_by(db.func.length(Registration.first_name + Registration.last_name).desc(), Registration.id))
    return tuple(query.first() or ('Test', 'Badge'))


def _desks(event):
    return Desk.query.filter_by(event_id=event.id, is_deleted=False)


def _save(desk, form):
    try:
        with db.session.begin_nested():
            desk.name = form.name.data
            set_delivery(desk, form.deliveries)
            db.session.add(desk)
    except IntegrityError:
        # somebody else took the name while the form was checked
        form.name.errors = [_('Another desk has this name.')]
        return False
    return True


def _deliveries_of(desk):
    chosen = delivery_of(desk)
    return dict(zip(('delivery', *DeskForm.FURTHER), chosen + [''] * MAX_PRINTERS, strict=False))


def _hand_over(desk):
    """Let what waits for a desk go where its badges go now, unless it may be out already."""
    ledger.doubt([Job.desk_id == desk.id, Job.state == JobState.ready], f'user:{session.user.id}')
    waiting = Job.query.filter(Job.desk_id == desk.id, Job.state == JobState.ready, Job.agent_id.isnot(None)).all()
    for job in waiting:
        ledger.unassign(job)
    sql.notify_agents({job.agent_id for job in waiting} | {x.agent_id for x in desk.printers})
    kick.after_commit()


def _describe_delivery(desk):
    if desk.webhook is not None:
        return f'Webhook "{desk.webhook.name}"'
    return ', '.join(f'{x.printer} ({x.agent.name})' for x in desk.printers) or 'nothing'
