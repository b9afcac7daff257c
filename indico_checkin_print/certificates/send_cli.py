"""The commands of ``indico checkin-print certificates`` about e-mails."""

import json
import sys
import time
from pathlib import Path

import click

from indico.core.db import db
from indico.util.string import validate_email

from indico_checkin_print.certificates import bounces, bulk
from indico_checkin_print.certificates import dry_run as dry_run_files
from indico_checkin_print.certificates import runs, words
from indico_checkin_print.certificates.cli import (EXIT_FAILED, certificates, event_of, event_option, json_option,
                                                   type_of, type_option)
from indico_checkin_print.certificates.identity import typed
from indico_checkin_print.certificates.send import smoke as send_to_one
from indico_checkin_print.errors import CannotSend
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.send_runs import SendRun
from indico_checkin_print.models.states import CertificateState
from indico_checkin_print.sql import now


#: For how long to send before others may, and between two tries to be the only one that sends, in seconds
SLICE, LOCK_INTERVAL = 60, 0.5


@certificates.command()
@event_option
@type_option
@json_option
def publish(event_id, type_name, as_json):
    """Publish the certificates of a type that are made: from now on they can be sent."""
    type_ = type_of(event_of(event_id), type_name)
    count = len(bulk.publish(Certificate.type_id == type_.id))
    db.session.commit()
    click.echo(json.dumps({'published': count}) if as_json else f'{count} published.')


@certificates.command()
@event_option
@type_option
@click.option('--subject', help='The subject of the e-mail; empty for that of the product.')
@click.option('--block', 'blocks', type=(str, str), multiple=True, metavar='NAME TEXT', help='A block of its body.')
@json_option
def text(event_id, type_name, subject, blocks, as_json):
    """Show what the e-mail of a type says, or change it. Nothing is changed if a placeholder does not exist."""
    type_ = type_of(event_of(event_id), type_name)
    try:
        words.check(subject or '', dict(blocks))
    except CannotSend as exc:
        raise click.UsageError(str(exc.detail))
    if subject is not None:
        type_.subject = subject
    type_.body = {**type_.body, **dict(blocks)}
    db.session.commit()
    subject, body = words.merged(type_)
    click.echo(json.dumps({'subject': subject, 'body': body}) if as_json
               else '\n'.join(f'{name}: {words_}' for name, words_ in {'subject': subject, **body}.items()))


@certificates.command('send')
@event_option
@type_option
@click.option('--dry-run', type=click.Path(file_okay=False, path_type=Path),
              help='Write the e-mails into this folder. Sends nothing.')
@click.option('--smoke', metavar='ADDRESS', help='Send them all to this address; nothing is noted.')
@click.option('--limit', type=click.IntRange(1), help='Most e-mails of this run.')
@click.option('--only', multiple=True, metavar='SERIAL', help='Only this certificate, although it was sent before.')
@click.option('--bcc', metavar='ADDRESS', help='An address that gets a copy of each.')
@json_option
def send_emails(event_id, type_name, dry_run, smoke, limit, only, bcc, as_json):
    """Send the e-mails with the certificates of a type that are published. Repeat it for those that did not arrive."""
    type_ = type_of(event_of(event_id), type_name)
    if len([option for option in (dry_run, smoke, bcc) if option]) > 1:
        raise click.UsageError('--dry-run, --smoke and --bcc exclude each other.')
    for address in filter(None, (smoke, bcc)):
        if not validate_email(address, check_dns=False):
            raise click.UsageError(f'{address!r} is no e-mail address.')
    ids = _named(type_, only)
    try:
        if dry_run or smoke:
            query = Certificate.query.filter_by(type_id=type_.id).order_by(Certificate.id)
            if ids:
                query = query.filter(Certificate.id.in_(ids))
            if smoke:
                query = query.filter_by(state=CertificateState.ready)
            found = query.limit(limit).all()
            if not found:
                raise click.ClickException('There are no certificates yet.')
            if smoke:
                done = {'smoke': send_to_one(found, smoke)}
            else:
                index, count = dry_run_files.write(found, dry_run)
                done = {'written': count, 'index': index}
        else:
            done = _send_here(type_, limit=limit, only=ids or None, bcc=bcc)
    except CannotSend as exc:
        raise click.ClickException(str(exc.detail))
    click.echo(json.dumps({'event': type_.event_id, 'type': type_.name, **done}) if as_json
               else ', '.join(f'{value} {key}' if isinstance(value, int) else str(value)
                              for key, value in done.items()) + '.')
    if done.get('failed') or done.get('later'):
        sys.exit(EXIT_FAILED)


def _send_here(type_, **wanted):
    """Send in this process; what the mail server put off is left to Celery. Return what became of it."""
    run = runs.queue_sending(type_, 'cli', **wanted)
    id_ = run.id
    db.session.commit()
    try:
        while _is_due(id_):
            if not runs.send_due('cli', SendRun.id == id_, seconds=SLICE):
                # Celery is sending, maybe this
                time.sleep(LOCK_INTERVAL)
    except KeyboardInterrupt:
        runs.stop_sending(type_, SendRun.id == id_)
        db.session.commit()
        raise
    if run.error:
        error = run.error
        runs.stop_sending(type_, SendRun.id == id_)
        db.session.commit()
        raise CannotSend(error)
    return runs.outcome(run)


def _is_due(run_id):
    """Return whether a run has something to do that is not put off."""
    db.session.rollback()
    return (SendRun.query.filter(SendRun.id == run_id, SendRun.ended_dt.is_(None), SendRun.next_try_dt <= now())
            .has_rows())


@certificates.command('bounces')
@event_option
@click.argument('path', type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def enter_bounces(event_id, path, as_json):
    """Note which e-mails came back, from a CSV file with the columns "message-id" and "status". All, or none."""
    event = event_of(event_id)
    if path.stat().st_size > bounces.MAX_LIST:
        raise click.UsageError(f'A list may have at most {bounces.MAX_LIST // 1_000_000} MB.')
    try:
        count, unknown = bounces.enter(event, bounces.read(path.read_bytes()), 'cli')
    except (CannotSend, OSError) as exc:
        raise click.ClickException(str(exc))
    db.session.commit()
    if as_json:
        click.echo(json.dumps({'bounced': count, 'unknown': unknown}))
        return
    for message_id in unknown:
        click.echo(f'No e-mail that counts as sent has {message_id}.', err=True)
    click.echo(f'{count} came back.')


def _named(type_, serials):
    """Return the ids of certificates that were named by their serials or UUIDs. All must be sendable."""
    ids = []
    for serial in serials:
        found = Certificate.query.filter(Certificate.type_id == type_.id,
                                         db.or_(Certificate.serial == typed(serial),
                                                db.cast(Certificate.uuid, db.String) == serial.lower())).first()
        if found is None:
            raise click.UsageError(f'There is no certificate {serial!r} of this type.')
        ids.append(found.id)
    return ids
