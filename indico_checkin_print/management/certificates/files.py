"""The PDFs of certificates, as they were issued: one of them, or many as a ZIP file.

They are never merged into one PDF, because that would break their signatures.
"""

import zipfile
from io import BytesIO, RawIOBase

from flask import Response, flash, stream_with_context
from werkzeug.exceptions import NotFound

from indico.core.db import db
from indico.core.storage import StorageError
from indico.core.storage.backend import get_storage
from indico.modules.files.models.files import File
from indico.modules.logs.models.entries import LogKind
from indico.util.fs import secure_filename
from indico.web.flask.util import send_file

from indico_checkin_print import _
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.logs import logger
from indico_checkin_print.management.certificates.actions import RHChosenBase
from indico_checkin_print.management.certificates.base import RHCertificateBase
from indico_checkin_print.models.certificates import Certificate


class RHCertificatePDF(RHCertificateBase):
    """Return the PDF of one certificate."""

    def _process(self):
        if self.certificate.file is None:
            raise NotFound(_('This certificate has no PDF yet.'))
        with self.certificate.file.open() as file:
            return send_file(self.certificate.file.filename, BytesIO(file.read()), 'application/pdf', no_cache=True)


class RHCertificateZIP(RHChosenBase):
    """Return the PDFs of the chosen certificates, one after the other, however many they are."""

    def _process(self):
        where = self.conditions
        if where is None:
            flash(_('Choose some certificates first.'), 'warning')
            return self._back_to_list()
        rows = (db.session.query(Certificate.full_name, Certificate.correction, Certificate.serial,
                                 File.storage_backend, File.storage_file_id)
                .join(File, File.id == Certificate.file_id).filter(*where).order_by(Certificate.id))
        files = [(_name((correction or {}).get('full_name') or full_name, serial), backend, file_id)
                 for full_name, correction, serial, backend, file_id in rows]
        if not files:
            flash(_('None of them has been made yet.'), 'warning')
            return self._back_to_list()
        self._log(LogKind.other, 'Certificates downloaded', certificates=len(files))
        name = secure_filename(f'{self.event.title}.zip', 'certificates.zip')
        return Response(stream_with_context(zipped(files)), mimetype='application/zip',
                        headers={'Content-Disposition': f'attachment; filename="{name}"', 'Cache-Control': 'no-store'})


def _name(full_name, serial):
    return f'{secure_filename(full_name, "certificate")[:80]}-{written(serial)}.pdf'


class _Pipe(RawIOBase):
    """What is written to it comes out in order; nothing of it stays."""

    def __init__(self):
        self._parts = []

    def writable(self):
        return True

    def write(self, data):
        self._parts.append(bytes(data))
        return len(data)

    def take(self):
        data, self._parts = b''.join(self._parts), []
        return data


def zipped(files):
    """Yield the bytes of a ZIP file, one PDF after the other. Asks no database: the request has ended by then.

    :param files: The name of each, its storage, and its name there.
    """
    pipe = _Pipe()
    # a PDF is compressed already
    with zipfile.ZipFile(pipe, 'w', zipfile.ZIP_STORED) as archive:
        for name, backend, file_id in files:
            try:
                with get_storage(backend).open(file_id) as file:
                    archive.writestr(name, file.read())
            except StorageError:
                # the others are worth having, and the list of what is inside shows that it is missing
                logger.exception('The PDF of a certificate cannot be read')
                continue
            yield pipe.take()
    yield pipe.take()
