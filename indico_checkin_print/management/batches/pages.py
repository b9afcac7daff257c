"""Batches: the badges of many people before the doors open, from Indico's participant list; and the page of one."""

from flask import flash, request, session
from werkzeug.exceptions import Forbidden
from wtforms.fields import BooleanField, SelectField
from wtforms.validators import InputRequired

from indico.core.db import db
from indico.core.plugins import url_for_plugin
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.fields import IndicoSelectMultipleCheckboxField
from indico.web.forms.widgets import SwitchWidget
from indico.web.util import jsonify_data, jsonify_template

from indico_checkin_print import _, kick, ledger
from indico_checkin_print.management.base import LABELS_ABOVE, RHCheckinPrintBase, WPCheckinPrint, action_form
from indico_checkin_print.management.batches.members import Kind, candidates_of, in_words
from indico_checkin_print.management.batches.progress import MAX_LISTED, count_open, has_hidden, progress_of
from indico_checkin_print.management.registrations.chosen import ChosenForm, RHChosenBase
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.batch_order import BatchOrder, arrange


#: Most batches of an event that have not ended
MAX_OPEN = MAX_LISTED
ORDERS = {
    BatchOrder.name: _('By last name'),
    BatchOrder.company: _('By affiliation'),
    BatchOrder.tag: _('By tag'),
    BatchOrder.number: _('By registration number'),
    BatchOrder.checkin: _('In the order of check-in'),
}


class BatchForm(ChosenForm):
    """Where and in which order the badges of a batch print."""

    desks = IndicoSelectMultipleCheckboxField(
        _('Desks'), [InputRequired()], coerce=int,
        description=_('Each desk prints a part of the sorted badges, so that its pile is in order.'))
    order = SelectField(_('Order'), [InputRequired()], default=BatchOrder.name,
                        choices=[(str(order), title) for order, title in ORDERS.items()])
    separators = BooleanField(_('Separator sheets'), widget=SwitchWidget(),
                              description=_('A sheet before each new letter, affiliation or tag.'))
    reprint = BooleanField(_('Print again'), widget=SwitchWidget(),
                            description=_('Another badge for those who had one.'))

    def __init__(self, *args, desks, with_had, **kwargs):
        super().__init__(*args, **kwargs)
        self.desks.choices = [(desk.id, desk.name) for desk in desks]
        if not with_had:
            del self.reprint


class RHCreateBatch(RHChosenBase):
    """Print the badges of the registrations that the form's field ``registration_id`` names, checked in or not."""

    MAX_CHOSEN = 5000

    def _process(self):
        setup = self.regform.checkin_print_setup
        if setup is None or not setup.enabled:
            return _nobody(Reason.form_off.sentence)
        desks = Desk.query.filter_by(event_id=self.event.id, is_deleted=False).order_by(Desk.name, Desk.id).all()
        if not desks:
            return _nobody(_('There is no desk to print at. Add one first.'))
        if count_open(self.event) >= MAX_OPEN:
            return _nobody(_('{} batches of this event have not ended. Cancel one first.').format(MAX_OPEN))
        candidates = candidates_of(self.regform, self.ids)
        kinds = {candidate.kind for candidate in candidates}
        if not kinds & {Kind.first, Kind.had}:
            return _nobody(in_words(candidates) or _('Choose some registrations first.'))
        form = BatchForm(event=self.event, desks=desks, with_had=Kind.had in kinds, registration_id=sorted(self.ids))
        if not form.is_submitted():
            # the POST that opens the dialog says nothing about them
            default = ledger.desk_for_form(self.regform, session.user).desk_id
            form.desks.data = [default] if default else [desk.id for desk in desks]
        if form.validate_on_submit():
            return self._create(form, candidates)
        return action_form(form, _('Print'), message=in_words(candidates), form_header_kwargs=LABELS_ABOVE)

    def _create(self, form, candidates):
        reprint = 'reprint' in form and form.reprint.data
        members = [candidate.member for candidate in candidates
                   if candidate.kind == Kind.first or (reprint and candidate.kind == Kind.had)]
        if not members:
            return _nobody(in_words(candidates))
        batch = Batch(event_id=self.event.id, registration_form_id=self.regform.id, user_id=session.user.id,
                      order=form.order.data, separators=form.separators.data, paused=False)
        db.session.add(batch)
        db.session.flush()
        # a desk named twice is one
        desk_ids = list(dict.fromkeys(form.desks.data))
        parts = arrange(members, BatchOrder(batch.order), desk_ids, separators=batch.separators)
        count = ledger.create_batch(batch, parts, f'user:{session.user.id}')
        if not count:
            # a second click found what the first one made
            db.session.delete(batch)
            return _nobody(_('All of them have a badge by now, or are in another batch.'))
        kick.after_commit()
        self._log(LogKind.change, f'Badges of "{self.regform.title}" printed in a batch', batch=batch.id,
                  badges=count, order=batch.order)
        return jsonify_data(flash=False, redirect=url_for_plugin('checkin_print.batch', batch))


def _nobody(message):
    return jsonify_template('nobody.html', _render_func=WPCheckinPrint.render_template_func, message=message)


class RHBatchBase(RHCheckinPrintBase):
    """Base class for one batch of the event: for managers who may see everybody in it."""

    def _process_args(self):
        RHCheckinPrintBase._process_args(self)
        self.batch = (Batch.query.filter_by(event_id=self.event.id, id=request.view_args['batch_id'])
                      .first_or_404())

    def _check_access(self):
        RHCheckinPrintBase._check_access(self)
        if Batch.query.filter(Batch.id == self.batch.id, has_hidden(self.event)).has_rows():
            raise Forbidden(_('You are not authorized to see everybody whose badge is in this batch.'))

    def _page_of_button(self):
        return url_for_plugin('checkin_print.batch', self.batch)

    @property
    def context(self):
        whole, desks = progress_of(self.batch)
        return {'batch': self.batch, 'whole': whole, 'parts': desks, 'order': ORDERS[BatchOrder(self.batch.order)]}


class RHBatch(RHBatchBase):
    """Show a batch and how far it is."""

    def _process(self):
        return WPCheckinPrint.render_template('batch.html', self.event, **self.context)


class RHBatchLive(RHBatchBase):
    """Return the part of the page that changes; the page's script asks for it."""

    def _process(self):
        return WPCheckinPrint.render_template_func('batch_live.html', event=self.event, **self.context)


class RHPauseBatch(RHBatchBase):
    """Pause or resume a batch."""

    def _process(self):
        # what the button said, because another manager may have pressed it a moment ago
        paused = request.form.get('paused') == '1'
        if ledger.pause_batch(self.batch, f'user:{session.user.id}', paused=paused):
            self._log(LogKind.change, 'Batch paused' if paused else 'Batch resumed', batch=self.batch.id)
            flash(_('The batch is paused. Badges that a printer has already come out.') if paused
                  else _('The batch prints again.'), 'success')
            if not paused:
                kick.after_commit()
        return self._back_to_page()


class RHCancelBatch(RHBatchBase):
    """Cancel what certainly has not come out of a batch."""

    def _process(self):
        canceled = ledger.cancel_batch(self.batch, f'user:{session.user.id}')
        if canceled:
            self._log(LogKind.negative, 'Batch cancelled', batch=self.batch.id, badges=len(canceled))
        flash(_('Badges that were cancelled: {}').format(len(canceled)), 'success')
        return self._back_to_page()
