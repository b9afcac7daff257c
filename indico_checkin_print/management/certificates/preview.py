"""The e-mail and the PDF of one person side by side: as they are, or as they would be if nothing has been made yet."""

from base64 import b64encode

from flask import request
from pypdf.errors import PyPdfError
from pypdfium2 import PdfiumError

from indico.core.storage import StorageError
from indico.web.util import jsonify_template

from indico_checkin_print import _
from indico_checkin_print.badge.preview import small_pages
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.mail import LOGO_CID, compose
from indico_checkin_print.certificates.people import select
from indico_checkin_print.certificates.sample import draw_sample, sample
from indico_checkin_print.certificates.template import filled
from indico_checkin_print.errors import CannotMake, CannotSend
from indico_checkin_print.management.base import WPCheckinPrint
from indico_checkin_print.management.certificates.base import RHCertificateBase, RHTypePageBase, visible_selection
from indico_checkin_print.management.certificates.type_form import templates_of, title_of
from indico_checkin_print.management.jobs.filter import MAX_NAME
from indico_checkin_print.routing.collation import text_key


#: Pixels of the picture of a page on its longer side
PICTURE_SIDE = 1100


class RHPreviewType(RHTypePageBase):
    """Show what somebody would get. The arguments ``name`` and ``template`` say who, and how it would look."""

    def _process(self):
        templates = templates_of(self.event)
        chosen = request.args.get('template', '')
        template = next((one for id_, one in templates.items() if str(id_) == chosen), None)
        name = ' '.join(request.args.get('name', '')[:MAX_NAME].split())
        recipients, __ = visible_selection(self.type, select(self.type))
        words = text_key(name).split()
        recipient = next((one for one in recipients if all(word in text_key(one.full_name) for word in words)), None)
        context = {'certificate': None, 'pictures': [], 'problems': [], 'html': '', 'text': '', 'subject': ''}
        if recipient is None:
            context['problems'] = [_('Nobody who gets a certificate of this type has such a name.') if name else
                                   _('Nobody gets a certificate of this type yet.')]
        else:
            certificate = sample(self.type, recipient)
            as_chosen = None if template is None else filled(template, self.type.template_values)
            context = shown_of(certificate, lambda: draw_sample(certificate, as_chosen))
        return _answer(self, type=self.type, name=name, max_name=MAX_NAME, is_sample=True, chosen=chosen,
                       templates={'': _('That of the type'), **{str(id_): title_of(one) for id_, one in
                                                                templates.items()}}, **context)


class RHPreviewCertificate(RHCertificateBase):
    """Show a certificate and its e-mail as they are; what has not been made yet as it would be."""

    def _process(self):
        certificate = self.certificate

        def _pdf():
            if certificate.file is None:
                return draw_sample(certificate)
            with certificate.file.open() as file:
                return file.read()

        return _answer(self, type=certificate.type, is_sample=certificate.file is None, templates={},
                       **shown_of(certificate, _pdf))


def shown_of(certificate, make_pdf):
    """Return what the page shows of a certificate.

    :param make_pdf: Returns its PDF as bytes.
    """
    shown = {'certificate': certificate, 'pictures': [], 'problems': [], 'html': '', 'text': '', 'subject': ''}
    pdf = b''
    try:
        pdf = make_pdf()
        shown['pictures'] = [page.url for page in small_pages(pdf, PICTURE_SIDE)]
    except CannotMake as exc:
        shown['problems'].append(exc.detail)
    except StorageError as exc:
        shown['problems'].append(str(exc))
    except (PdfiumError, PyPdfError):
        # what is stored is no PDF any more
        shown['problems'].append(_('The PDF cannot be shown. Download it to see what is wrong with it.'))
    try:
        composed = compose(certificate, pdf)
    except CannotSend as exc:
        shown['problems'].append(exc.detail)
        return shown
    html = composed.html
    if composed.logo is not None:
        subtype, content = composed.logo
        html = html.replace(f'cid:{LOGO_CID}', f'data:image/{subtype};base64,{b64encode(content).decode()}')
    return shown | {'html': str(html), 'text': composed.text, 'subject': composed.subject}


def _answer(rh, **context):
    context |= {'event': rh.event, 'written': written}
    if request.headers.get('X-Requested-With') == 'XMLHttpRequest':
        return jsonify_template('certificate_preview_parts.html', _render_func=WPCheckinPrint.render_template_func,
                                **context)
    context.pop('event')
    return WPCheckinPrint.render_template('certificate_preview.html', rh.event, **context)
