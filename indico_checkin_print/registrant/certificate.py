"""What people do with their certificates on the page of their registration: download, ask for another name."""

from flask import flash, request
from werkzeug.exceptions import NotFound
from wtforms.fields import StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from indico.core.db import db
from indico.modules.events.registration.controllers.display import RHRegistrationFormRegistrationBase
from indico.modules.logs.models.entries import EventLogRealm, LogKind
from indico.web.forms.base import FormDefaults, IndicoForm
from indico.web.util import jsonify_data, jsonify_form

from indico_checkin_print import _
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.name_requests import MAX_NOTE, ask
from indico_checkin_print.certificates.reissue import MAX_NAME, correction_of
from indico_checkin_print.delivery.notify import send
from indico_checkin_print.registrant.section import published_of


class NameForm(IndicoForm):
    """The name that somebody wants on their certificate."""

    full_name = StringField(_('Your name, as it should be'), [DataRequired(), Length(max=MAX_NAME)],
                            render_kw={'autocomplete': 'name'})
    note = TextAreaField(_('Note'), [Length(max=MAX_NOTE)], render_kw={'rows': 3},
                         description=_('If there is something that the organizers should know.'))

    def validate_full_name(self, field):
        try:
            correction_of(field.data)
        except ValueError as exc:
            raise ValidationError(str(exc))

    def validate_note(self, field):
        if '\0' in (field.data or ''):
            raise ValidationError(_('There is a character in it that cannot be stored.'))


class RHRegistrantCertificateBase(RHRegistrationFormRegistrationBase):
    """Base class for a published certificate of somebody who may see the page of their registration.

    Indico's base class asks for the account or for the secret of the link. Nobody else may, no manager either.
    """

    # as on the page itself
    ALLOW_PROTECTED_EVENT = True
    normalize_url_spec = {'locators': {lambda self: self.regform}, 'preserved_args': {'uuid'}}

    def _process_args(self):
        RHRegistrationFormRegistrationBase._process_args(self)
        self.certificate = (published_of(self.registration).filter_by(uuid=str(request.view_args['uuid']))
                            .first_or_404())


class RHDownload(RHRegistrantCertificateBase):
    """Send the PDF of a certificate."""

    def _process(self):
        if self.certificate.revoked_dt is not None or self.certificate.file is None:
            raise NotFound
        return self.certificate.file.send(inline=False)


class RHAskForName(RHRegistrantCertificateBase):
    """Ask for another name on a certificate."""

    def _process(self):
        form = NameForm(obj=FormDefaults(full_name=self.certificate.name, note=''))
        if form.validate_on_submit():
            try:
                asked = ask(self.certificate, form.full_name.data, form.note.data or '')
            except ValueError as exc:
                form.full_name.errors = [str(exc)]
            else:
                if asked is not None:
                    self._notify(asked)
                flash(_('The organizers have your request.'), 'success')
                return jsonify_data(flash=False)
        return jsonify_form(form, submit=_('Send'))

    def _notify(self, asked):
        self.event.log(EventLogRealm.participants, LogKind.other, 'Certificates',
                       f'Another name asked for on certificate {written(self.certificate.serial)}',
                       meta={'certificate_id': self.certificate.id})
        db.session.commit()
        send(self.event, 'name_request', registration=self.registration, asked=asked)
