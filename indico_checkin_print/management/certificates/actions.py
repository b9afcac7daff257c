"""What a manager does about several certificates at once: those that were chosen in the list, or all that it shows."""

from collections import defaultdict

from flask import flash, redirect, request
from wtforms.fields import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from indico.core.db import db
from indico.core.errors import UserValueError
from indico.core.plugins import url_for_plugin
from indico.modules.logs.models.entries import LogKind
from indico.web.forms.fields import HiddenFieldList
from indico.web.util import jsonify_data

from indico_checkin_print import _, kick
from indico_checkin_print.certificates import bulk, claims
from indico_checkin_print.certificates.presets import types_of
from indico_checkin_print.certificates.reissue import MAX_WHY, restore, revoke
from indico_checkin_print.certificates.runs import queue_sending
from indico_checkin_print.certificates.states import C, M
from indico_checkin_print.management.base import DialogForm, action_form
from indico_checkin_print.management.certificates.base import RHCertificatesBase
from indico_checkin_print.management.certificates.filter import ARGS, parse
from indico_checkin_print.management.jobs.filter import MAX_ID
from indico_checkin_print.management.visibility import visible_certificates
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate


#: Most certificates that one request names; all that the list shows have no limit
MAX_CHOSEN = 200


class RHChosenBase(RHCertificatesBase):
    """Base class of what is done to the certificates that the form's field ``certificate_id`` names.

    With the field ``whole`` it is done to all that the list shows, whose filters the URL has.
    """

    def _process_args(self):
        RHCertificatesBase._process_args(self)
        chosen = set(request.form.getlist('certificate_id'))
        if len(chosen) > MAX_CHOSEN:
            raise UserValueError(_('At most {} certificates at once, please.').format(MAX_CHOSEN))
        if not all(id_.isascii() and id_.isdigit() and len(id_) < 20 and int(id_) <= MAX_ID for id_ in chosen):
            raise UserValueError(_('This is not the number of a certificate.'))
        self.ids = {int(id_) for id_ in chosen}
        self.is_whole = 'whole' in request.form

    @property
    def conditions(self):
        """The SQL conditions for the certificates, of which the user may see each; ``None`` if none was chosen."""
        if self.is_whole:
            wanted, __, problems = parse(request.args, types_of(self.event))
            if problems:
                # of another list than the one that somebody saw
                raise UserValueError(problems[0])
            return wanted.conditions(self.event)
        if not self.ids:
            return None
        return [Certificate.event_id == self.event.id, Certificate.id.in_(self.ids), *visible_certificates(self.event)]

    def _back_to_list(self):
        args = {key: request.args.getlist(key) for key in (*ARGS, 'before', 'after') if key in request.args}
        return redirect(url_for_plugin('checkin_print.certificate_list', self.event, **args))


class RHActOnCertificates(RHChosenBase):
    """Do what the form's field ``act`` says."""

    def _process(self):
        act = {'retry': self._retry, 'publish': self._publish, 'restore': self._restore,
               'send': self._send, 'resend': self._resend}.get(request.form.get('act'))
        where = self.conditions
        if act is None or where is None:
            flash(_('Choose some certificates first.'), 'warning')
        else:
            act(where)
        return self._back_to_list()

    def _retry(self, where):
        ids = bulk.retry(self.actor, *where)
        kick.make_certificates_after_response()
        if self._say(ids, _('Certificates that are tried once more: {}')):
            self._log(LogKind.change, 'Certificates tried once more', certificates=len(ids))

    def _publish(self, where):
        ids = bulk.publish(*where)
        if self._say(ids, _('Certificates that were published: {}')):
            self._log(LogKind.change, 'Certificates published', certificates=len(ids))

    def _restore(self, where):
        revoked = Certificate.query.filter(*where, Certificate.state == C.revoked).order_by(Certificate.id)
        ids = [certificate.id for certificate in revoked if restore(certificate, self.actor)]
        kick.make_certificates_after_response()
        if self._say(ids, _('Certificates that are valid once more: {}')):
            self._log(LogKind.change, 'Certificates restored', certificates=len(ids))

    def _send(self, where):
        self._queue_emails([*where, claims.may_be_sent()])

    def _resend(self, where):
        if self.is_whole:
            raise UserValueError(_('Choose each certificate whose e-mail is to be sent once more.'))
        is_free = db.or_(Certificate.send_state.is_(None), Certificate.send_state != M.sending)
        self._queue_emails([*where, Certificate.state == C.ready, Certificate.published_dt.isnot(None), is_free])

    def _queue_emails(self, where):
        ids = defaultdict(list)
        for id_, type_id in (db.session.query(Certificate.id, Certificate.type_id)
                             .join(CertificateType, CertificateType.id == Certificate.type_id)
                             .filter(*where, CertificateType.enabled).order_by(Certificate.id)):
            ids[type_id].append(id_)
        for type_id, theirs in ids.items():
            queue_sending(CertificateType.get(type_id), self.actor, only=theirs)
        chosen = [id_ for theirs in ids.values() for id_ in theirs]
        if self._say(chosen, _('E-mails that are sent now: {}')):
            self._log(LogKind.positive, 'E-mails with certificates asked for', certificates=len(chosen))

    def _say(self, ids, words):
        """Flash for how many it was done; return whether it was done for any."""
        flash(*((words.format(len(ids)), 'success') if ids else (_('This is possible for none of them.'), 'warning')))
        return bool(ids)


class RevokeForm(DialogForm):
    """Why certificates are revoked."""

    why = TextAreaField(_('Why'), [DataRequired(), Length(max=MAX_WHY)],
                        description=_('The public sees it where certificates can be checked, so write no names.'))
    certificate_id = HiddenFieldList()
    submitted = HiddenField()

    def is_submitted(self):
        # the dialog itself is asked for with a POST, because the certificates are many
        return super().is_submitted() and 'submitted' in request.form


class RHRevokeCertificates(RHChosenBase):
    """Let certificates be valid no longer, for a reason."""

    def _process(self):
        if not self.ids:
            flash(_('Choose some certificates first.'), 'warning')
            return jsonify_data(flash=False)
        form = RevokeForm(event=self.event, certificate_id=sorted(self.ids))
        found = Certificate.query.filter(*self.conditions, Certificate.sha256.isnot(None),
                                         Certificate.state != C.revoked).order_by(Certificate.id).all()
        if form.validate_on_submit():
            done = [certificate for certificate in found if revoke(certificate, form.why.data, self.actor)]
            self._log(LogKind.negative, 'Certificates revoked', certificates=len(done), why=form.why.data)
            flash(_('Certificates that were revoked: {}').format(len(done)), 'success' if done else 'warning')
            return jsonify_data(flash=False)
        return action_form(form, _('Revoke'), message=_('Issued certificates that you have chosen: {}. They are not '
                                                        'valid any more then, and can be restored.').format(len(found)))
