"""The command line of certificates: ``indico checkin-print certificates …``.

What is asked wrongly is answered with exit code 2, and what exists is named; what cannot be done with 1.
"""

import json
import sys
from collections import Counter
from dataclasses import asdict

import click
from terminaltables import AsciiTable

from indico.cli.core import cli_group
from indico.core.db import db
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.tags import RegistrationTag

from indico_checkin_print.certificates.generate import failed_of, make_waiting, progress
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.people import select
from indico_checkin_print.certificates.plan import plan
from indico_checkin_print.certificates.presets import ensure_types, events_with_certificates, types_of
from indico_checkin_print.certificates.reasons import describe
from indico_checkin_print.certificates.reissue import correct, correction_of, find, has_drifted
from indico_checkin_print.certificates.reissue import restore as restore_certificate
from indico_checkin_print.certificates.reissue import revoke as revoke_certificate
from indico_checkin_print.certificates.selection import SENTENCES
from indico_checkin_print.certificates.sign import load_signature
from indico_checkin_print.certificates.types import Who
from indico_checkin_print.errors import CannotMake, CannotSign
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.routing.rules import FormIs, HasTag, dump


#: Exit code when a command could not do all that it was asked to
EXIT_FAILED = 1
#: How often a command that takes long says how far it is, in seconds
NEWS_INTERVAL = 5


# a group of click's own would run its commands without Indico's application
@cli_group()
def certificates():
    """Certificates of attendance of an event."""


def event_option(command):
    return click.option('--event', 'event_id', type=click.IntRange(0, 2**31 - 1), help='The number of the event.')(
        command)


def type_option(command):
    return click.option('--type', 'type_name', help='The type, such as attendee.')(command)


def json_option(command):
    return click.option('--json', 'as_json', is_flag=True, help='One JSON object instead of lines.')(command)


def event_of(event_id):
    if event_id is None:
        there = ', '.join(f'{id_} ({title})' for id_, title in events_with_certificates())
        raise click.UsageError(f'--event is missing. Events with certificates: {there or "none"}.')
    event = Event.get(event_id, is_deleted=False)
    if event is None:
        raise click.UsageError(f'There is no event {event_id}.')
    return event


def type_of(event, name, *, enabled=True):
    types = [type_ for type_ in types_of(event) if type_.enabled or not enabled]
    for type_ in types:
        if type_.name == name:
            return type_
    there = ', '.join(type_.name for type_ in types)
    what = '--type is missing.' if name is None else f'{name!r} is no type of certificate that is on for this event.'
    raise click.UsageError(f'{what} There is: {there or "none"}. See "certificates types".')


@certificates.command('types')
@event_option
@click.option('--on', multiple=True, help='A type to switch on.')
@click.option('--off', multiple=True, help='A type to switch off.')
@click.option('--unsigned', multiple=True, help='A type whose PDFs are not signed.')
@click.option('--signed', multiple=True, help='A type whose PDFs are signed.')
@click.option('--pdf-a', multiple=True, help='A type whose PDFs are PDF/A-2b.')
@click.option('--for-form', type=(str, int), multiple=True, help='A type, and a registration form that it is for.')
@click.option('--for-tag', type=(str, int), multiple=True, help='A type, and a tag of registrations that it is for.')
@json_option
def list_types(event_id, on, off, unsigned, signed, pdf_a, for_form, for_tag, as_json):
    """List the types of certificates of an event, or change them. All changes are made, or none."""
    event = event_of(event_id)
    ensure_types(event)
    changes = []
    for names, column, value in ((on, 'enabled', True), (off, 'enabled', False), (unsigned, 'signed', False),
                                 (signed, 'signed', True), (pdf_a, 'pdf_a', True)):
        changes += [(type_of(event, name, enabled=False), column, value) for name in names]
    for choices, model, condition in ((for_form, RegistrationForm, FormIs), (for_tag, RegistrationTag, HasTag)):
        for name, id_ in choices:
            if model.query.filter_by(event_id=event.id, id=id_).first() is None:
                what = 'tag' if model is RegistrationTag else 'form'
                raise click.UsageError(f'Event {event.id} has no {what} {id_}.')
            changes.append((type_of(event, name, enabled=False), 'who', condition((id_,))))
    # all of them exist
    for type_, column, value in changes:
        if column == 'who':
            group, = dump([Who((value,))])
            value = [*(type_.who or ()), *([group] if group not in (type_.who or ()) else [])]
        setattr(type_, column, value)
    db.session.commit()
    types = types_of(event)
    if as_json:
        click.echo(json.dumps([{'name': type_.name, 'title': type_.title, 'on': type_.enabled, 'signed': type_.signed,
                                'pdf_a': type_.pdf_a, 'groups': None if type_.who is None else len(type_.who)}
                               for type_ in types]))
        return
    rows = [[type_.name, type_.title, 'on' if type_.enabled else 'off', 'signed' if type_.signed else 'NOT SIGNED',
             'everybody' if type_.who is None else f'{len(type_.who)} groups'] for type_ in types]
    click.echo(AsciiTable([['Type', 'Title', 'State', 'PDFs', 'For'], *rows]).table)


@certificates.command()
@event_option
@type_option
@json_option
def preview(event_id, type_name, as_json):
    """Show who gets a certificate of a type, and of all others why not. Changes nothing."""
    type_ = type_of(event_of(event_id), type_name)
    selection = select(type_)
    if as_json:
        click.echo(json.dumps({
            'event': type_.event_id, 'type': type_.name,
            'recipients': [asdict(recipient) for recipient in selection.recipients],
            'skipped': [{'subject_key': skip.recipient.subject_key, 'full_name': skip.recipient.full_name,
                         'email': skip.recipient.email, 'topic': skip.recipient.topic, 'reason': str(skip.reason),
                         'words': str(SENTENCES[skip.reason]), 'other': skip.other} for skip in selection.skips]}))
        return
    for one in selection.recipients:
        click.echo('  '.join(filter(None, ('OK  ', one.subject_key, one.full_name, one.email, one.topic))))
    for skip in selection.skips:
        one = skip.recipient
        other = f' ({skip.other})' if skip.other else ''
        click.echo('  '.join(filter(None, ('SKIP', one.subject_key, one.full_name, one.topic,
                                           f'{SENTENCES[skip.reason]}{other}'))))
    counts = Counter(skip.reason for skip in selection.skips)
    click.echo(f'{len(selection.recipients)} recipients, {len(selection.skips)} skipped'
               + (': ' if counts else '')
               + ', '.join(f'{count} {reason}' for reason, count in sorted(counts.items())) + '.')


@certificates.command()
@event_option
@type_option
@json_option
def generate(event_id, type_name, as_json):
    """Make the certificates of a type, here and now. Repeat it at any time: what shows what is true is left alone."""
    type_ = type_of(event_of(event_id), type_name)
    if not type_.signed and not as_json:
        click.echo('PDFs of this type are NOT SIGNED.')
    made, more = 0, True
    try:
        if type_.signed:
            # before anything is entered
            load_signature()
        planned = plan(type_, 'cli')
        while more:
            count, more = make_waiting('cli', Certificate.type_id == type_.id, seconds=NEWS_INTERVAL)
            made += count
            now = progress(type_)
            if more and not as_json:
                left = '' if now.seconds_left is None else f', {now.seconds_left} s left'
                click.echo(f'{now.ready} of {now.total}, {now.made_per_minute:.0f} a minute{left}')
    except (CannotMake, CannotSign) as exc:
        raise click.ClickException(exc.detail)
    now = progress(type_)
    if as_json:
        click.echo(json.dumps({'event': type_.event_id, 'type': type_.name, 'planned': asdict(planned), 'made': made,
                               'progress': asdict(now)}))
    else:
        click.echo(f'{planned.recipients} recipients, {planned.skipped} skipped; {planned.new} new, {planned.changed} '
                   f'changed, {planned.unchanged} unchanged; {made} made.')
        if planned.no_recipient:
            click.echo(f'{planned.no_recipient} were issued to people who are no recipients any more.')
        for certificate in failed_of(type_):
            why = f'{describe(certificate.reason)} {certificate.detail}'
            click.echo(f'FAILED  {certificate.subject_key}  {why}', err=True)
        click.echo(f'{now.total} certificates: {now.ready} ready, {now.waiting} waiting, {now.failed} failed, '
                   f'{now.revoked} revoked.')
    if now.failed or now.waiting:
        sys.exit(EXIT_FAILED)


def _certificate(uuid, type_name):
    certificate = find(uuid)
    if certificate is None or (type_name is not None and certificate.type.name != type_name):
        raise click.UsageError(f'There is no certificate {uuid}{f" of type {type_name}" if type_name else ""}.')
    return certificate


@certificates.command()
@click.option('--uuid', required=True, help='The UUID of the certificate.')
@click.option('--full-name', required=True, help='The name that is to stand on it.')
@click.option('--first-name', default='', help='How its e-mail addresses the person; else the first word of the name.')
@click.option('--type', 'type_name', help='Its type, to be sure.')
@click.option('--dry-run', is_flag=True, help='Show what would change, and change nothing.')
def reissue(uuid, full_name, first_name, type_name, dry_run):
    """Make a certificate anew with a corrected name. Its UUID, serial and URLs stay."""
    certificate = _certificate(uuid, type_name)
    try:
        correction = correction_of(full_name, first_name)
        if certificate.type.signed:
            # before anything is changed
            load_signature()
    except (ValueError, CannotSign) as exc:
        raise click.ClickException(str(exc))
    before, numbers = certificate.name, (certificate.uuid, certificate.serial)
    click.echo(f'- {before}\n+ {correction["full_name"]}')
    if dry_run:
        return
    if not correct(certificate, correction, 'cli'):
        raise click.ClickException(f'Not possible, it is {certificate.state.name}.')
    db.session.commit()
    make_waiting('cli', Certificate.id == certificate.id, seconds=NEWS_INTERVAL)
    if wrong := has_drifted(certificate.id, *numbers, correction['full_name']):
        raise click.ClickException(f'Do not publish it: {wrong} is not as it must be. {certificate.detail}')
    click.echo(f'Certificate {written(certificate.serial)} was made anew. Its e-mail is to be sent once more.')


@certificates.command()
@click.option('--uuid', required=True, help='The UUID of the certificate.')
@click.option('--why', required=True, help='Why, for the public.')
def revoke(uuid, why):
    """Let a certificate be valid no longer."""
    certificate = _certificate(uuid, None)
    if not revoke_certificate(certificate, why, 'cli'):
        raise click.ClickException(f'Not possible, it is {certificate.state.name}.')
    db.session.commit()
    click.echo(f'Certificate {written(certificate.serial)} is revoked.')


@certificates.command()
@click.option('--uuid', required=True, help='The UUID of the certificate.')
def restore(uuid):
    """Let a certificate that was revoked be valid once more."""
    certificate = _certificate(uuid, None)
    if not restore_certificate(certificate, 'cli'):
        raise click.ClickException(f'Not possible, it is {certificate.state.name}.')
    db.session.commit()
    click.echo(f'Certificate {written(certificate.serial)} is valid once more.')
