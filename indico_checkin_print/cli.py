"""The command line of the administrator: ``indico checkin-print …``."""

import json
import sys
import time
from dataclasses import asdict

import click
from sqlalchemy.orm import joinedload
from terminaltables import AsciiTable

from indico.cli.core import cli_group
from indico.core.db import db
from indico.modules.events.models.events import Event
from indico.util.date_time import now_utc

from indico_checkin_print import ledger, settings
from indico_checkin_print.certificates.audit_cli import certificates
from indico_checkin_print.errors import CannotListen, SettingError
from indico_checkin_print.ledger import examined, prepared
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason, describe
from indico_checkin_print.sql import notify_agents
from indico_checkin_print.work import retention


#: Exit code when a command could not do what it was asked to
EXIT_FAILED = 1
#: The number of a job
JOB = click.IntRange(1, 2**63 - 1)
#: How often a command that takes long says how far it is, in seconds
PREPARE_NEWS_INTERVAL = 5
#: Most jobs of one command
MAX_JOBS = 1000


@cli_group(name='checkin-print')
def cli():
    """Print badges on check-in."""


cli.add_command(certificates)


@cli.command()
@click.option('--host', default='127.0.0.1', show_default=True, help='Address to listen on; nginx stands before it.')
@click.option('--port', default=8630, show_default=True, type=click.IntRange(1, 65535))
@click.option('--max-agents', default=2000, show_default=True, type=click.IntRange(1, 100_000),
              help='Most agents at once; others are asked to come back later.')
def relay(host, port, max_agents):
    """Run the relay: the websocket side that agents connect to."""
    from indico_checkin_print.relay.server import run
    try:
        run(host, port, max_agents=max_agents)
    except CannotListen as exc:
        raise click.ClickException(str(exc))


@cli.command()
def sweep():
    """Run one sweep now: what beat does every 15 seconds."""
    from indico_checkin_print.work.worker import post_waiting, recover_stalled, render_waiting
    moved = recover_stalled('cli')
    db.session.commit()
    click.echo(f'{moved} jobs recovered, {render_waiting("cli")} rendered, {post_waiting("cli")[0]} POSTs made.')


@cli.command()
@click.option('--json', 'as_json', is_flag=True, help='One JSON object instead of lines.')
def doctor(as_json):
    """Say what is wrong with this installation, and what to do about it."""
    from indico_checkin_print.diagnostics.facts import examine
    from indico_checkin_print.diagnostics.findings import OK, WRONG
    findings = []
    colours = {OK: 'green', WRONG: 'red'}
    for finding in examine():
        findings.append(finding)
        if not as_json:
            level = click.style(f'{finding.level:5}', fg=colours.get(finding.level, 'yellow'))
            click.echo(f'{level}  {finding.name:10}  {finding.words}')
    wrong = any(finding.level == WRONG for finding in findings)
    if as_json:
        click.echo(json.dumps({'ok': not wrong, 'checks': [asdict(finding) for finding in findings]}))
    if wrong:
        sys.exit(EXIT_FAILED)


@cli.command()
def purge():
    """Delete what was kept long enough: what the nightly task does."""
    try:
        done = retention.purge()
    except SettingError as exc:
        raise click.ClickException(str(exc))
    click.echo(f'{done["documents"]} documents, {done["attempts"]} attempts and {done["jobs"]} finished jobs deleted.')


@cli.command()
@click.argument('event_id', type=click.IntRange(0, 2**31 - 1))
def prepare(event_id):
    """Make the badges of an event before anybody is checked in, here and now.

    A check-in uses what is made with the same fonts and software as those of the workers.
    """
    from indico_checkin_print.work.prepare import prepare as draw_ahead
    if Event.get(event_id, is_deleted=False) is None:
        raise click.ClickException(f'There is no event {event_id}.')
    prepared.ask(event_id)
    db.session.commit()
    try:
        limit = min(settings.prepared_bytes(), settings.prepared_bytes_per_event())
        while draw_ahead('cli', seconds=PREPARE_NEWS_INTERVAL, event_id=event_id):
            counts = prepared.counts(event_id)
            click.echo(f'{counts.drawn} of {counts.people} registrations')
    except SettingError as exc:
        raise click.ClickException(str(exc))
    counts = prepared.counts(event_id)
    click.echo(f'{counts.documents} badges of {counts.people} registrations are ready: '
               f'{counts.size / 1e6:.1f} of {limit / 1e6:.0f} MB.')
    for reason, count in counts.without.items():
        click.echo(f'{count} without: {describe(reason)}')
    if counts.drawn < counts.people:
        raise click.ClickException('The rest finds no room: PLUGIN_CHECKIN_PRINT_PREPARED_MB_PER_EVENT and '
                                   'PLUGIN_CHECKIN_PRINT_PREPARED_MB set the limits.')


@cli.command()
@click.argument('event_id', type=click.IntRange(0, 2**31 - 1))
@click.option('--json', 'as_json', is_flag=True, help='One JSON object instead of lines.')
def preflight(event_id, as_json):
    """Examine the badges of an event before the doors open: all that is wrong with them, and with what makes them.

    Badges that are as they were when they were examined last are not drawn again. The exit code is 1 if badges would
    wait, not come out or not scan. People are named by the numbers of their registrations.
    """
    from indico_checkin_print.diagnostics.preflight import report_on
    from indico_checkin_print.work.preflight import examine as examine_badges
    event = Event.get(event_id, is_deleted=False)
    if event is None or event.end_dt < now_utc():
        raise click.ClickException(f'There is no event {event_id}, or it is over.')
    began = time.monotonic()
    examined.ask(event_id)
    db.session.commit()
    while examine_badges(seconds=PREPARE_NEWS_INTERVAL, event_id=event_id):
        done = examined.progress(event_id)
        click.echo(f'{done.examined} of {done.people} registrations', err=True)
    report = report_on(event_id)
    progress = report.progress
    if as_json:
        click.echo(json.dumps({'ok': not report.has_errors, 'people': progress.people, 'examined': progress.examined,
                               'ms_per_badge': round(progress.ms_per_badge, 1),
                               'seconds': round(time.monotonic() - began, 1),
                               'findings': list(map(_finding, report.groups))}))
    else:
        for group in report.groups:
            click.echo(f'{"wrong" if group.is_error else "warn":5}  {group.kind:16}  {_whose(group)}: {group.words}')
        click.echo(f'{progress.examined} of {progress.people} registrations examined, '
                   f'{progress.ms_per_badge:.0f} ms for each badge. Findings: {len(report.groups)}.')
    if report.has_errors:
        sys.exit(EXIT_FAILED)


def _finding(group):
    registration, person = group.whose or (None, None)
    return {'kind': str(group.kind), 'error': group.is_error, 'registration': registration, 'person': person,
            'template': None if group.whose else group.template, 'items': [each.item for each in group.findings],
            'badges': group.badges, 'words': group.words}


def _whose(group):
    if group.whose:
        registration, person = group.whose
        return f'registration {registration}' + (f', person {person}' if person else '')
    badges = f' ({group.badges} badges)' if group.badges else ''
    return (f'template {group.template}' if group.template else group.findings[0].item or 'simple badge') + badges


@cli.group()
def jobs():
    """Show jobs, and fix them. Jobs are named by their number; no names of attendees are shown."""


@jobs.command('list')
@click.option('--event', 'event_id', type=click.IntRange(0, 2**31 - 1), help='Only jobs of this event.')
@click.option('--state', type=click.Choice([state.name for state in JobState]), multiple=True)
@click.option('--limit', default=50, show_default=True, type=click.IntRange(1, 10000))
def list_jobs(event_id, state, limit):
    """List jobs, the newest first."""
    query = Job.query.options(joinedload('desk')).order_by(Job.id.desc())
    if event_id is not None:
        query = query.filter(Job.event_id == event_id)
    if state:
        query = query.filter(Job.state.in_([JobState[name] for name in state]))
    rows = [[str(j.id), str(j.event_id), str(j.registration_id or '-'), j.desk.name if j.desk else '-',
             j.state.name, j.reason, f'{j.changed_dt:%Y-%m-%d %H:%M:%S}'] for j in query.limit(limit)]
    click.echo(AsciiTable([['Job', 'Event', 'Registration', 'Desk', 'State', 'Reason', 'Since (UTC)'], *rows]).table)


@jobs.command()
@click.argument('job_id', type=JOB)
def show(job_id):
    """Show a job and its history."""
    job = _job(job_id)
    click.echo(f'Job {job.id} ({job.purpose}) of event {job.event_id}, registration {job.registration_id or "-"}')
    click.echo(f'{job.state.title}: {describe(job.reason)} {job.detail}'.rstrip())
    rows = [[f'{h.dt:%Y-%m-%d %H:%M:%S.%f}'[:-3], h.state.name, h.reason, h.actor, h.detail] for h in job.history]
    click.echo(AsciiTable([['When (UTC)', 'State', 'Reason', 'Who', 'Detail'], *rows]).table)


@jobs.command()
@click.argument('job_ids', type=JOB, nargs=-1, required=True)
def retry(job_ids):
    """Queue jobs again that failed, expired or were canceled."""
    _act(job_ids, {JobState.failed, JobState.expired, JobState.canceled}, lambda jobs: ledger.release(jobs, 'cli'))


@jobs.command()
@click.argument('job_ids', type=JOB, nargs=-1, required=True)
def release(job_ids):
    """Queue jobs that are held, in the order in which they are named."""
    _act(job_ids, {JobState.held}, lambda jobs: ledger.release(jobs, 'cli'))


@jobs.command()
@click.argument('job_ids', type=JOB, nargs=-1, required=True)
def discard(job_ids):
    """End jobs that nobody wants any more."""
    _act(job_ids, {JobState.held, JobState.queued, JobState.ready, JobState.failed},
         lambda jobs: [id_ for job in jobs for id_ in ledger.cancel(job, Reason.discarded, 'cli')])


def _job(job_id):
    job = Job.get(job_id)
    if job is None:
        raise click.ClickException(f'There is no job {job_id}.')
    return job


def _act(job_ids, states, action):
    if len(job_ids) > MAX_JOBS:
        raise click.ClickException(f'At most {MAX_JOBS} jobs at once, please.')
    # a job that is named twice is one job; all must exist before anything is done
    jobs = [_job(job_id) for job_id in dict.fromkeys(job_ids)]
    agents = {job.agent_id for job in jobs if job.agent_id is not None}
    done = set(action([job for job in jobs if job.state in states]))
    for job in jobs:
        words = 'done.' if job.id in done else f'not possible, it is {job.state.name}.'
        click.echo(f'Job {job.id}: {words}', err=job.id not in done)
    # who holds one of them must not keep it
    notify_agents(agents)
    db.session.commit()
    if len(done) < len(jobs):
        sys.exit(EXIT_FAILED)
