"""The dialog that corrects the name on one certificate: it shows the difference before anything is made."""

from flask import flash
from wtforms.fields import HiddenField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from indico.modules.logs.models.entries import LogKind
from indico.web.forms.base import FormDefaults
from indico.web.util import jsonify_data

from indico_checkin_print import _, kick
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.reissue import MAX_NAME, correct, correction_of
from indico_checkin_print.certificates.sign import load_signature
from indico_checkin_print.errors import CannotSign
from indico_checkin_print.management.base import DialogForm, action_form
from indico_checkin_print.management.certificates.base import RHCertificateBase


class CorrectForm(DialogForm):
    """The name that is to stand on it."""

    full_name = StringField(_('Name on the certificate'), [DataRequired(), Length(max=MAX_NAME)])
    first_name = StringField(_('First name'), [Length(max=MAX_NAME)], description=_(
        'As its e-mail addresses the person. If empty, the first word of the name.'))
    #: The name whose difference was shown
    shown = HiddenField()

    def validate_full_name(self, field):
        try:
            correction_of(field.data, self.first_name.data or '')
        except ValueError:
            raise ValidationError(_('A name has 1 to {} characters.').format(MAX_NAME))


class RHCorrectName(RHCertificateBase):
    """Make a certificate anew with a corrected name. Its numbers and URLs stay."""

    def _process(self):
        certificate = self.certificate
        form = CorrectForm(event=self.event, target=certificate, obj=FormDefaults(
            full_name=certificate.name, first_name=certificate.given_name))
        message = _('The registration stays as it is. The PDF is made anew under the same number, and the e-mail is to '
                    'be sent once more.')
        if not form.validate_on_submit():
            return action_form(form, _('Show the difference'), message=message)
        correction = correction_of(form.full_name.data, form.first_name.data or '')
        if form.shown.data != correction['full_name']:
            form.shown.data = correction['full_name']
            return action_form(form, _('Make it anew'), message=_('On the certificate now: "{before}". Then: '
                                                                  '"{after}".').format(
                before=certificate.name, after=correction['full_name']))
        try:
            if certificate.type.signed:
                # before anything is changed
                load_signature()
        except CannotSign as exc:
            flash(exc.detail, 'error')
            return jsonify_data(flash=False)
        if correct(certificate, correction, self.actor):
            kick.make_certificates_after_response()
            # the log keeps no name longer than the certificate does
            self._log(LogKind.change, f'Name on certificate {written(certificate.serial)} corrected')
            flash(_('The certificate is made anew. Send its e-mail once more when it is made.'), 'success')
        else:
            flash(_('This certificate cannot be made anew now: it was not issued, or has changed in the meantime.'),
                  'warning')
        return jsonify_data(flash=False)
