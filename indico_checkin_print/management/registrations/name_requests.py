"""The answer to somebody who asks for another name on their certificate, on the page of the registration."""

from flask import flash, request, session
from markupsafe import escape
from wtforms.fields import RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from indico.modules.logs.models.entries import LogKind
from indico.web.forms.base import FormDefaults
from indico.web.forms.validators import HiddenUnless
from indico.web.util import jsonify_data

from indico_checkin_print import _
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.name_requests import MAX_NOTE, accept, open_requests, refuse
from indico_checkin_print.certificates.reissue import MAX_NAME, correction_of
from indico_checkin_print.management.base import LABELS_ABOVE, PERMISSION, DialogForm, action_form
from indico_checkin_print.management.registrations.hooks import RHRegistrationBase
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.name_requests import NameRequest


class AnswerForm(DialogForm):
    """Whether a certificate gets the name that somebody asks for."""

    answer = RadioField(_('Answer'), [DataRequired()],
                        choices=[('accept', _('Make the certificate anew with this name')),
                                 ('refuse', _('Leave it as it is'))])
    full_name = StringField(_('Name'), [HiddenUnless('answer', 'accept', preserve_data=True), DataRequired(),
                                        Length(max=MAX_NAME)])
    why = TextAreaField(_('Why'), [HiddenUnless('answer', 'refuse', preserve_data=True), DataRequired(),
                                   Length(max=MAX_NOTE)], render_kw={'rows': 3},
                        description=_('The person reads this on the page of their registration.'))

    def validate_full_name(self, field):
        if self.answer.data == 'accept':
            try:
                correction_of(field.data)
            except ValueError as exc:
                raise ValidationError(str(exc))


class RHAnswerNameRequest(RHRegistrationBase):
    """Accept or refuse a request for another name on a certificate."""

    # volunteers may not
    PERMISSION = PERMISSION

    def _process(self):
        asked = (open_requests(self.event, Certificate.registration_id == self.registration.id)
                 .filter(NameRequest.id == request.view_args['request_id']).first_or_404())
        form = AnswerForm(event=self.event, target=asked,
                          obj=FormDefaults(answer='accept', full_name=asked.full_name, why=''))
        # people wrote it, and Indico takes descriptions for HTML
        form.full_name.description = escape(str(_('Now it is "{name}".')).format(name=asked.certificate.name))
        if not form.validate_on_submit():
            return action_form(form, _('Answer'), form_header_kwargs=LABELS_ABOVE)
        actor, serial = f'user:{session.user.id}', written(asked.certificate.serial)
        is_accepted = form.answer.data == 'accept'
        if accept(asked, form.full_name.data, actor) if is_accepted else refuse(asked, form.why.data, actor):
            self._log(LogKind.change, f'Another name on certificate {serial} was answered', accepted=is_accepted)
            flash(_('Your answer is stored.'), 'success')
        else:
            flash(_('Not possible now: the certificate is being made or is revoked, or somebody has answered.'),
                  'warning')
        return jsonify_data(flash=False)
