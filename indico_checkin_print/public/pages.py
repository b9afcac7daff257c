"""What anybody may ask of certificates: whether a number or a PDF is genuine, and the PDF by its secret address."""

from flask import after_this_request, redirect, request
from markupsafe import Markup
from werkzeug.exceptions import Gone, NotFound, RequestEntityTooLarge, ServiceUnavailable

from indico.core.storage import StorageError
from indico.web.flask.util import send_file, url_for
from indico.web.rh import RH

from indico_checkin_print import _
from indico_checkin_print.certificates import published
from indico_checkin_print.certificates.check_pdf import MAX_UPLOAD, check
from indico_checkin_print.certificates.identity import typed
from indico_checkin_print.certificates.public_view import shown
from indico_checkin_print.logs import logger
from indico_checkin_print.management.base import WPWithoutMenus, static
from indico_checkin_print.models.states import CertificateState
from indico_checkin_print.public import limits


#: Bytes of a form around its file
FORM_SIZE = 10_000


class WPCertificate(WPWithoutMenus):
    """A public page about a certificate."""

    def _get_head_content(self):
        return super()._get_head_content() + Markup('<meta name="robots" content="noindex, nofollow">')

    def get_extra_css_files(self):
        return [static('certificate.css')]


class RHPublicBase(RH):
    """Base class of all: anybody may ask, nothing is changed, and no search engine remembers it."""

    # a file that is compared changes nothing, and pages without a session can be used without cookies
    CSRF_ENABLED = False

    def _process(self):
        # also on what is answered with an error
        after_this_request(_with_headers)
        return self._answer()

    def _page(self, status=200, **kwargs):
        page = WPCertificate(self, title=_('Certificates'), max_size=MAX_UPLOAD // 1_000_000,
                             **{'certificate': None, 'verdict': None, 'number': None, **kwargs})
        return page.display(_jinja_template='certificate.html'), status


def _with_headers(response):
    response.headers |= {'X-Robots-Tag': 'noindex, nofollow', 'Referrer-Policy': 'no-referrer',
                         'Cache-Control': 'private, no-store', 'X-Content-Type-Options': 'nosniff'}
    return response


class RHCertificates(RHPublicBase):
    """Show where a number can be typed and a PDF be chosen."""

    def _answer(self):
        if 'number' not in request.args:
            return self._page()
        number = request.args['number'][:100]
        if serial := typed(number):
            return redirect(url_for('.public_certificate', serial=serial))
        return self._page(404, number=number)


class RHCertificate(RHPublicBase):
    """Show whether the certificate with a number is genuine."""

    def _answer(self):
        number = request.view_args['serial'][:100]
        serial = typed(number)
        if serial and serial != number:
            return redirect(url_for('.public_certificate', serial=serial))
        # before it is looked up: after too many wrong ones a good one must reveal nothing either
        limits.check_misses()
        certificate = published.by_serial(serial) if serial else None
        if certificate is None:
            limits.note_miss()
            return self._page(404, number=number)
        return self._page(certificate=shown(certificate))


class RHCheckFile(RHPublicBase):
    """Say whether a PDF is a certificate that was issued."""

    def _answer(self):
        limits.note_upload()
        request.max_content_length = MAX_UPLOAD + FORM_SIZE
        try:
            file = request.files.get('file')
        except RequestEntityTooLarge:
            return self._page(413, verdict='too_large')
        content = file.read(MAX_UPLOAD + 1) if file is not None else b''
        if not content:
            return self._page(400, verdict='empty')
        if len(content) > MAX_UPLOAD:
            return self._page(413, verdict='too_large')
        checked = check(content)
        return self._page(verdict=str(checked.verdict),
                          certificate=shown(checked.certificate) if checked.certificate is not None else None)


class RHDownload(RHPublicBase):
    """Send the PDF of a certificate to those who know its UUID."""

    def _answer(self):
        certificate = published.by_uuid(request.view_args['uuid'])
        if certificate is None:
            raise NotFound(_('There is no such certificate.'))
        if certificate.state == CertificateState.revoked or certificate.file is None:
            raise Gone(_('This certificate was revoked. {why}').format(why=certificate.revoked_why))
        try:
            return send_file(certificate.file.filename, certificate.file.open(), 'application/pdf', inline=False)
        except (StorageError, OSError) as exc:
            logger.error('The PDF of certificate %d cannot be read: %s', certificate.id, exc)
            raise ServiceUnavailable(_('The certificate cannot be read just now. Try again later.')) from exc
