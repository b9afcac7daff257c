"""The list of certificates: one row for each, with its state, that of its e-mail, and what is done about it."""

from flask import request
from sqlalchemy.orm import joinedload

from indico.web.util import jsonify_template

from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.presets import types_of
from indico_checkin_print.certificates.reasons import describe
from indico_checkin_print.certificates.states import C
from indico_checkin_print.management.base import WPCheckinPrint
from indico_checkin_print.management.certificates.base import RHCertificateBase, RHCertificatesBase
from indico_checkin_print.management.certificates.filter import EMAILS, MAX_NAME, PUBLISHED, find_page, parse
from indico_checkin_print.management.jobs.history import actor_names
from indico_checkin_print.management.jobs.rows import COLOURS
from indico_checkin_print.management.visibility import sees_all
from indico_checkin_print.models.certificates import Certificate


#: States whose reason says more than the state does
_EXPLAINED = {C.queued, C.making, C.failed, C.revoked}


class RHCertificateList(RHCertificatesBase):
    """Show the certificates of the event that the URL asks for."""

    def _process(self):
        types = types_of(self.event)
        wanted, cursor, problems = parse(request.args, types)
        page = find_page(wanted.conditions(self.event), cursor)
        rows = (Certificate.query.filter(Certificate.id.in_(page.ids))
                .options(joinedload('type'), joinedload('registration'))
                .order_by(Certificate.id).all()) if page.ids else []
        return WPCheckinPrint.render_template(
            'certificate_list.html', self.event, rows=rows, page=page, wanted=wanted, cursor=cursor, types=types,
            problems=problems, here=wanted.args | (cursor.args if cursor else {}), states=C, emails=EMAILS,
            published=PUBLISHED, max_name=MAX_NAME, written=written, describe=describe, colours=COLOURS,
            explained=_EXPLAINED, sees_all=sees_all(self.event))


class RHCertificateHistory(RHCertificateBase):
    """Show what happened to one certificate, and who did it."""

    def _process(self):
        steps = self.certificate.history
        return jsonify_template('certificate_history.html', _render_func=WPCheckinPrint.render_template_func,
                                event=self.event, certificate=self.certificate, steps=steps, written=written,
                                names=actor_names(self.event, {step.actor for step in steps}), describe=describe,
                                colours=COLOURS)
