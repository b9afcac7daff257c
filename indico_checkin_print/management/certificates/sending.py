"""To send all e-mails of a type that are due, and to stop that."""

from flask import flash
from wtforms.fields import IntegerField, StringField
from wtforms.validators import NumberRange, Optional

from indico.modules.logs.models.entries import LogKind
from indico.web.forms.validators import IndicoEmail
from indico.web.util import jsonify_data

from indico_checkin_print import _
from indico_checkin_print.certificates import claims
from indico_checkin_print.certificates.runs import queue_sending, stop_sending
from indico_checkin_print.errors import CannotSend
from indico_checkin_print.management.base import DialogForm, action_form
from indico_checkin_print.management.certificates.base import RHTypeBase
from indico_checkin_print.models.certificates import Certificate


class SendForm(DialogForm):
    """How many, and who gets a copy of each."""

    limit = IntegerField(_('At most'), [Optional(), NumberRange(min=1, max=100_000)], description=_(
        'To begin with a few. If empty, all that are due.'))
    bcc = StringField(_('Copy to'), [Optional(), IndicoEmail()], description=_('An address that gets a copy of each.'))


class RHSendType(RHTypeBase):
    """Send the e-mails of a type that were not sent, and those that certainly did not arrive."""

    FOR_EVERYBODY = True

    def _process(self):
        due = Certificate.query.filter(Certificate.type_id == self.type.id, claims.may_be_sent()).count()
        form = SendForm(event=self.event)
        message = _('E-mails that are due: {}. Only what is published is sent, and nobody gets two.').format(due)
        if not form.validate_on_submit():
            return action_form(form, _('Send'), message=message)
        if not self.type.enabled or not due:
            flash(_('Nothing is due: publish certificates first, and switch the type on.'), 'warning')
            return jsonify_data(flash=False)
        try:
            queue_sending(self.type, self.actor, limit=form.limit.data, bcc=form.bcc.data)
        except CannotSend as exc:
            flash(exc.detail, 'error')
            return jsonify_data(flash=False)
        self._log(LogKind.positive, f'E-mails of the type of certificate "{self.type.title}" asked for',
                  limit=form.limit.data, copies=bool(form.bcc.data))
        flash(_('The e-mails are sent now, one after the other.'), 'success')
        return jsonify_data(flash=False)


class RHStopSending(RHTypeBase):
    """Send no more e-mails of a type; the one that is under way is sent."""

    FOR_EVERYBODY = True

    def _process(self):
        if stop_sending(self.type):
            self._log(LogKind.negative, f'E-mails of the type of certificate "{self.type.title}" stopped')
            flash(_('No more e-mails are sent. What was not sent yet can be sent later.'), 'success')
        else:
            flash(_('Nothing was being sent.'), 'warning')
        return self._back_to_page()
