"""Commands of ``indico checkin-print certificates`` about what there is: counts, whether all is right, an export."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from indico.core.db import db
from indico.core.storage import StorageError

from indico_checkin_print.certificates.audit import fault_of
from indico_checkin_print.certificates.cli import EXIT_FAILED, event_of, event_option, json_option, type_of, type_option
from indico_checkin_print.certificates.export import export
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.presets import types_of
from indico_checkin_print.certificates.reissue import find
from indico_checkin_print.certificates.send_cli import certificates
from indico_checkin_print.errors import CannotExport
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState


@certificates.command()
@event_option
@json_option
def stats(event_id, as_json):
    """Count the certificates of an event: by type and state, and how far their e-mails are."""
    event = event_of(event_id)
    found = {}
    for type_ in types_of(event):
        kinds = (Certificate.state, Certificate.send_state, Certificate.published_dt.isnot(None))
        rows = db.session.query(*kinds, db.func.count()).filter(Certificate.type_id == type_.id).group_by(*kinds).all()
        states, mails, published = Counter(), Counter(), 0
        for state, mail, is_published, count in rows:
            states[state.name] += count
            published += count if is_published else 0
            if state != CertificateState.canceled:
                mails[mail.name if mail is not None else 'null'] += count
        found[type_.name] = {'on': type_.enabled, 'certificates': dict(sorted(states.items())),
                             'published': published, 'emails': dict(sorted(mails.items()))}
    if as_json:
        click.echo(json.dumps({'event': event.id, 'types': found}))
        return
    for name, counts in found.items():
        click.echo(f'{name}: {_line(counts["certificates"])}; {counts["published"]} published; e-mails: '
                   f'{_line(counts["emails"])}')


def _line(counts):
    return ', '.join(f'{count} {name}' for name, count in counts.items()) or 'none'


@certificates.command()
@event_option
@type_option
@click.option('--uuid', help='Only the certificate with this UUID.')
@json_option
def verify(event_id, type_name, uuid, as_json):
    """Check that each PDF is the one that was issued, with a valid signature. Exits with 1 if one is not."""
    if uuid is not None:
        certificate = find(uuid)
        if certificate is None:
            raise click.UsageError(f'There is no certificate {uuid}.')
        ids = [certificate.id]
    else:
        event = event_of(event_id)
        query = db.session.query(Certificate.id).filter_by(event_id=event.id).order_by(Certificate.id)
        if type_name is not None:
            query = query.filter_by(type_id=type_of(event, type_name, enabled=False).id)
        ids = [id_ for id_, in query]
    faults, looked = {}, 0
    for id_ in ids:
        certificate = Certificate.get(id_)
        looked += certificate.file_id is not None
        if fault := fault_of(certificate):
            faults[certificate.uuid] = fault
            if not as_json:
                click.echo(f'WRONG  {written(certificate.serial)}  {certificate.uuid}  {fault}', err=True)
        # of thousands of PDFs only one is kept in memory
        db.session.expunge_all()
    if as_json:
        click.echo(json.dumps({'certificates': len(ids), 'pdfs': looked, 'faults': faults}))
    else:
        click.echo(f'{len(ids)} certificates, {looked} PDFs, {len(faults)} wrong.')
    if faults:
        sys.exit(EXIT_FAILED)


@certificates.command('export')
@event_option
@click.argument('folder', type=click.Path(path_type=Path))
@json_option
def export_files(event_id, folder, as_json):
    """Write what is published into a folder, to host it elsewhere. Repeat it after each change."""
    event = event_of(event_id)
    try:
        done = export(event, folder)
    except (CannotExport, StorageError, OSError) as exc:
        raise click.ClickException(str(exc))
    click.echo(json.dumps(asdict(done)) if as_json else f'{done.pdfs} PDFs and {done.pages} files of pages written, '
               f'{done.removed} PDFs removed.')
