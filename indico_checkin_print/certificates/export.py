"""Writes what is published into a folder, for those who host it elsewhere: the PDFs, and a page for each.

``TYPE/UUID/UUID.pdf``, and for types whose certificates the public can check
``TYPE/website-validate/SERIAL/index.html`` with its ``contents.lr`` for Lektor. A page does not name the UUID: that
would lead to the PDF, which has the full name. Repeated, it writes what is new or has changed; the PDF of what was
revoked is removed, and its page says so. Each file is whole or not there.
"""

import hashlib
import json
from dataclasses import dataclass

from flask import render_template

from indico.util.i18n import get_current_locale

from indico_checkin_print.badge.context import in_event
from indico_checkin_print.certificates import published
from indico_checkin_print.certificates.public_view import shown
from indico_checkin_print.certificates.urls import validation_url
from indico_checkin_print.errors import CannotExport
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState


#: Says that a folder is one of ours, and of which event
MARKER = '.checkin-print-certificates.json'
#: The files of one page
PAGES = ('index.html', 'contents.lr')


@dataclass
class Exported:
    """What was written, in files."""

    pdfs: int = 0
    pages: int = 0
    #: PDFs of what was revoked
    removed: int = 0


def export(event, folder):
    """Write all certificates of an event that are published. Return what was written, as `Exported`.

    :param folder: A path: empty, not there yet, or one into which this event was written before.
    :raises CannotExport: if it is another one.
    :raises StorageError: if a PDF cannot be read.
    """
    _claim(folder, event)
    done = Exported()
    for certificate in published.published().filter(Certificate.event_id == event.id).order_by(Certificate.id):
        home = folder / certificate.type.name
        path = home / certificate.uuid / f'{certificate.uuid}.pdf'
        if certificate.state == CertificateState.revoked:
            if path.exists():
                path.unlink()
                done.removed += 1
        elif certificate.file is not None:
            done.pdfs += _write(path, _pdf(certificate))
        pages = home / 'website-validate' / certificate.serial
        if certificate.type.validated:
            done.pages += _write_pages(pages, certificate)
        elif pages.exists():
            # the public could check it before
            for name in PAGES:
                (pages / name).unlink(missing_ok=True)
            pages.rmdir()
    return done


def _claim(folder, event):
    marker = folder / MARKER
    if marker.exists():
        try:
            event_id = json.loads(marker.read_bytes())['event']
        except (ValueError, KeyError, TypeError):
            event_id = None
        if event_id != event.id:
            raise CannotExport(f'{folder} has the certificates of another event.')
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotExport(f'{folder} is not empty. Name a folder that is, or one with certificates of this event.')
    _write(marker, json.dumps({'event': event.id}).encode())


def _pdf(certificate):
    with certificate.file.open() as file:
        pdf = file.read()
    if hashlib.sha256(pdf).hexdigest() != certificate.sha256:
        raise CannotExport(f'The PDF of certificate {certificate.uuid} is not the one that was issued. See '
                           '"certificates verify".')
    return pdf


def _write_pages(folder, certificate):
    with in_event(certificate.event, lambda: certificate.locale):
        facts = shown(certificate)
        locale, url = get_current_locale(), validation_url(certificate.serial)
        page = render_template('checkin_print:certificate_static.html', certificate=facts, url=url,
                               language=locale.language, direction=locale.text_direction)
    fields = {'_model': 'certificate', '_discoverable': 'no', 'title': facts.serial, 'name': facts.name,
              'event': facts.event, 'dates': facts.dates, 'type': facts.type, 'topic': facts.topic,
              'serial': facts.serial, 'state': 'revoked' if facts.is_revoked else 'valid',
              'revoked_on': facts.revoked or '', 'revoked_why': facts.revoked_why, 'key': facts.key, 'url': url}
    # a field in one line cannot end before it should: https://www.getlektor.com/docs/content/
    contents = '\n---\n'.join(f'{name}: {" ".join(str(value).split())}' for name, value in fields.items()) + '\n'
    return sum(_write(folder / name, content.encode()) for name, content in zip(PAGES, (page, contents), strict=True))


def _write(path, content):
    """Write a file unless it is so already. Return whether it was written."""
    if path.exists() and hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f'.{path.name}.new')
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        # if the disk is full
        beside.unlink(missing_ok=True)
    return True
