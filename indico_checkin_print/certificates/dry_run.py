"""Writes the e-mails with certificates into a folder instead of sending them."""

from base64 import b64encode
from io import BytesIO

from xlsxwriter import Workbook

from indico.core.storage import StorageError
from indico.util.date_time import now_utc

from indico_checkin_print.certificates.mail import LOGO_CID, compose
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import C, M
from indico_checkin_print.errors import CannotSend


#: The columns of the index
COLUMNS = ('uuid', 'email', 'delivered_to', 'name', 'subject', 'status', 'mail_message_id', 'preview_html')
SKIPPED_COLUMNS = ('uuid', 'email', 'name', 'reason')


def skip_reason(certificate):
    """Return why the next run does not send the e-mail of a certificate; ``None`` if it does."""
    if certificate.state != C.ready:
        return certificate.state.name
    if certificate.published_dt is None:
        return 'not published'
    if certificate.send_state in {M.sent, M.sending}:
        return certificate.send_state.name
    return str(R.uncertain) if certificate.send_reason == R.uncertain else None


def write(certificates, folder):
    """Write each e-mail as HTML and as text, and an index. Return the name of the index, and how many e-mails.

    :param folder: A `Path`; made if it is not there.
    :raises CannotSend: if an e-mail cannot be written.
    """
    rows, skipped = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for certificate in certificates:
            uuid, to, name = certificate.uuid, certificate.email, certificate.name
            if certificate.state != C.ready:
                skipped.append((uuid, to, name, skip_reason(certificate)))
                continue
            composed = compose(certificate)
            html = composed.html
            if composed.logo is not None:
                subtype, content = composed.logo
                html = html.replace(f'cid:{LOGO_CID}', f'data:image/{subtype};base64,{b64encode(content).decode()}')
            (folder / f'{uuid}.html').write_text(html)
            (folder / f'{uuid}.txt').write_text(f'{composed.subject}\n\n{composed.text}')
            reason = skip_reason(certificate)
            if reason is not None:
                skipped.append((uuid, to, name, reason))
            rows.append((uuid, to, to if reason is None else '', name, composed.subject,
                         certificate.send_state.name if certificate.send_state else '', certificate.message_id or '',
                         f'{uuid}.html'))
        index = folder / f'send-preview-{now_utc():%Y%m%dT%H%M%S%fZ}.xlsx'
        index.write_bytes(_sheets({'emails': [COLUMNS, *rows], 'skipped': [SKIPPED_COLUMNS, *skipped]}))
    except (OSError, StorageError) as exc:
        raise CannotSend(f'The e-mails cannot be written: {exc}') from exc
    return index.name, len(rows)


def _sheets(sheets):
    buffer = BytesIO()
    # a name that begins with "=" is a name
    with Workbook(buffer, {'in_memory': True, 'strings_to_formulas': False, 'strings_to_urls': False}) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for n, row in enumerate(rows):
                for column, value in enumerate(row):
                    sheet.write_string(n, column, value)
    return buffer.getvalue()
