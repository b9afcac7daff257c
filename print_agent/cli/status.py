"""``print-agent status``: what the agent says if it runs, else what it left in the spool."""

import json
import sys
import time

import click
import msgspec

from print_agent.cli import local_client
from print_agent.cli.errors import sentences
from print_agent.config import Config
from print_agent.connection import pairing
from print_agent.connection.pairing import Pairing
from print_agent.errors import AgentError, Declined, NotRunning, SpoolError
from print_agent.spool.job import Entry
from print_agent.spool.store import Spool
from print_agent.web.status import Snapshot, badge


#: Columns of the list of badges, in characters.
_STATE, _PRINTER, _NAME, _ID = 19, 16, 28, 9
_UNKNOWN = 'The running agent does not use it yet.'


@click.command()
@click.option('--json', 'as_json', is_flag=True, help='Print JSON.')
@click.option('--limit', default=20, show_default=True, type=click.IntRange(1, 1000), help='Number of badges.')
@click.pass_obj
def status(config: Config, as_json: bool, limit: int) -> None:
    """Show connections, printers and the latest badges."""
    with sentences():
        pairings = pairing.load_all(config.pairings)
        running, entries, short, problem, broken, live = local_client.is_running(config), [], {}, '', '', None
        if running:
            try:
                live = local_client.ask(config, Snapshot, 'api/status')
            except (NotRunning, Declined) as exc:
                problem = str(exc)
        if config.database.exists():
            try:
                spool = Spool(config.database)
                try:
                    entries = spool.recent(limit)
                    short = {entry.job: spool.short_id(entry.job) for entry in entries}
                finally:
                    spool.close()
            except SpoolError as exc:
                broken = f'{exc} "print-agent doctor" says what to do.'
    jobs = [{'job': e.job, 'dispatch': e.dispatch, 'printer': e.printer, 'state': e.state.value, 'reason': e.reason,
             'received': e.received, 'ended': e.ended, 'acknowledged': e.acked, 'short': short[e.job]}
            for e in entries]
    if as_json:
        found = {
            'running': running, 'config': str(config.folder), 'spool': str(config.spool),
            'pairings': [{'id': each.id, 'url': each.url, 'agent': each.agent_name, 'event': each.event_title}
                         for each in pairings], 'jobs': jobs}
        if live is not None:
            found |= {key: msgspec.to_builtins(getattr(live, key)) for key in
                     ('version', 'started', 'all_paused', 'printers', 'connections', 'queued')}
            found['unknown'] = [each.job for each in live.questions]
        click.echo(json.dumps(found, indent=2))
    else:
        _print(config, pairings, running, problem, live, short)
        _print_badges(entries, short)
    if broken:
        click.echo(broken, err=True)
        sys.exit(AgentError.exit_code)


def _print(config: Config, pairings: list[Pairing], running: bool, problem: str, live: Snapshot | None,
           short: dict[str, str]) -> None:
    click.echo('The print agent is running.' if running else
               'The print agent is not running. Start it with: print-agent run')
    if problem:
        click.echo(problem)
    if not pairings and not config.webhook_endpoints:
        click.echo('This computer is not paired with an event. Add an agent in Indico, then run: print-agent pair URL '
                   'CODE')
    links = {link.id: link.words for link in live.connections} if live is not None else {}
    for each in pairings:
        words = links.get(each.id, _UNKNOWN if links else '')
        click.echo(f'Paired with {each.url}: "{each.agent_name}" for "{each.event_title}". {words}'.rstrip())
    if live is not None:
        _print_printers(live, short)


def _print_printers(live: Snapshot, short: dict[str, str]) -> None:
    for printer in live.printers:
        click.echo(f'Printer {printer.name}: {printer.words}. {" ".join(printer.sentences)}'.rstrip())
    if live.questions:
        ids = ', '.join(short.get(each.job, each.job) for each in live.questions)
        click.echo(f'Nobody knows whether these came out: {ids}. Answer on the local page '
                   '(print-agent page --open) or in Indico.')


def _print_badges(entries: list[Entry], short: dict[str, str]) -> None:
    if not entries:
        return
    click.echo('\nThe latest badges, newest first; "print-agent reprint ID" (or "last") prints one again:')
    for entry in entries:
        line = badge(entry)
        whose = line.name or ('Test page' if line.kind == 'test' else '-')
        click.echo(f'{_when(line.ended or line.received)}  {short[line.job]:{_ID}}  {line.words:{_STATE}}  '
                   f'{line.printer:{_PRINTER}}  {whose:{_NAME}}  {line.detail}'.rstrip())


def _when(seconds: float) -> str:
    """The time, with its day if that is not today."""
    then, now = time.localtime(seconds), time.localtime()
    return time.strftime('%H:%M:%S' if then[:3] == now[:3] else '%Y-%m-%d %H:%M:%S', then)
