"""The command line: ``print-agent`` and its commands. Exit codes are those of :mod:`print_agent.errors`."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path

import click
import msgspec

from print_agent import config as configuration
from print_agent.agent import Agent, backends
from print_agent.cli import local, local_client
from print_agent.cli.calibrate import calibrate
from print_agent.cli.doctor import doctor
from print_agent.cli.errors import sentences
from print_agent.cli.service import service
from print_agent.cli.status import status
from print_agent.config import Config
from print_agent.connection import pairing
from print_agent.connection.pairing import Pairing
from print_agent.errors import AgentError, ConfigError, Declined, NotRunning, SpoolCorrupt
from print_agent.printing.printer_list import Printers, describe
from print_agent.protocol import messages as p
from print_agent.runtime import daemon_threads
from print_agent.runtime.log_folding import Folding
from print_agent.spool.database import quarantine
from print_agent.spool.lock import lock
from print_agent.spool.store import Spool
from print_agent.version import VERSION
from print_agent.web.status import Snapshot


#: How often ``pair`` asks, each half a second, whether the running agent uses the new pairing.
MAX_TAKEOVER_CHECKS = 20


@click.group(context_settings={'help_option_names': ['-h', '--help']})
@click.version_option(VERSION, prog_name='print-agent')
@click.option('--config', 'folder', type=click.Path(path_type=Path, file_okay=False), envvar=configuration.ENV,
              help="Folder with agent.toml and the pairings. Default: the user's configuration folder.")
@click.pass_context
def main(ctx: click.Context, folder: Path | None) -> None:
    """Print badges that Indico sends when somebody is checked in."""
    with sentences():
        ctx.obj = configuration.load(folder)


@main.command(short_help='Pair this computer with an event.')
@click.argument('url')
@click.argument('code')
@click.option('--allow-http', is_flag=True, help='Accept an address that is not encrypted.')
@click.pass_obj
def pair(config: Config, url: str, code: str, allow_http: bool) -> None:
    """Pair this computer with an event: the address of the Indico and the code that it shows."""
    with sentences():
        pairing.make_folder(config.pairings)
        begun = time.time()
        paired = daemon_threads.run(pairing.pair(url, code, socket.gethostname(), allow_http=allow_http,
                                          network=config.network))
        pairing.save(config.pairings, paired)
    click.echo(f'Paired as "{paired.agent_name}" with "{paired.event_title}" on {paired.url}.')
    with sentences():
        click.echo(_taken_over(config, paired, begun) if local_client.is_running(config) else
                   'Start printing with: print-agent run (or as a service: print-agent service install)')


def _taken_over(config: Config, paired: Pairing, begun: float) -> str:
    """Wait until the running agent uses a new pairing; return in words whether it does."""
    for _ in range(MAX_TAKEOVER_CHECKS):
        try:
            status = local_client.ask(config, Snapshot, 'api/status')
        except (NotRunning, Declined):
            break  # without its local page it does not answer; it notices the new file all the same
        if any(link.id == paired.id and link.state != 'down' and link.since >= begun for link in status.connections):
            return 'The running print agent uses it and is connected.'
        time.sleep(0.5)
    return 'The running print agent takes it over within seconds. See: print-agent status'


@main.command()
@click.option('-v', '--verbose', is_flag=True, help='Log more.')
@click.pass_obj
def run(config: Config, verbose: bool) -> None:
    """Print badges until stopped (Ctrl-C, or SIGTERM). A second signal stops it at once."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Folding(handler))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler],
                        format='%(asctime)s %(levelname)s %(message)s')
    for chatty in ('httpx', 'httpcore', 'websockets', 'asyncio', 'uvicorn.error', 'pyipp', 'python_multipart'):
        # They log URLs and frames; neither belongs in a log that says ids only.
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with sentences():
        pairings = pairing.load_all(config.pairings)
        if not pairings and not config.webhook_endpoints:
            raise ConfigError(f'This computer is not paired with an event ({config.pairings} is empty). Add an agent '
                              f'in Indico, then run: print-agent pair URL CODE')
        with lock(config.spool):
            while _broke(config, pairings):
                pass  # with a new spool


def _broke(config: Config, pairings: list[Pairing]) -> bool:
    """Run until stopped (False), or until the spool broke and was renamed (True)."""
    spool = Spool.begin(config.database, keep=config.keep_hours * 3600)
    signals: list[int] = []
    try:
        daemon_threads.run(_run(Agent(config, pairings, backends(config), spool), pairings, signals))
        return False
    except SpoolCorrupt:
        spool.close()
        quarantine(config.database)
        return not signals
    finally:
        spool.close()


async def _run(agent: Agent, pairings: list[Pairing], signals: list[int]) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        signals.append(number)
        if len(signals) > 1:
            os._exit(128 + number)
        agent.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    await agent.run(lambda: _banner(agent, pairings))


def _banner(agent: Agent, pairings: list[Pairing]) -> None:
    click.echo(f'print-agent {VERSION}')
    for paired in pairings:
        click.echo(f'  {paired.url}: "{paired.agent_name}" for "{paired.event_title}"')
    for printer in agent.printers.all():
        click.echo(f'  printer {printer.name}: {printer.state}'
                   f'{" (" + ", ".join(printer.reasons) + ")" if printer.reasons else ""}'
                   f'{"" if printer.reports else ", cannot say when a badge is done"}')
    for sentence in agent.printers.problems:
        click.echo(f'  {sentence}')
    if not agent.printers.all() and not agent.printers.problems:
        click.echo('  no printers yet')


@main.command()
@click.option('--json', 'as_json', is_flag=True, help='Print JSON.')
@click.pass_obj
def printers(config: Config, as_json: bool) -> None:
    """Show the printers that the agent can use."""
    with sentences():
        found, problems, left_out = daemon_threads.run(_look(config))
        with contextlib.suppress(NotRunning, Declined):  # then this is what it will say
            left_out = local_client.ask(config, Snapshot, 'api/status').left_out  # it knows which ones desks use
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found), indent=2))
    else:
        for printer in found:
            click.echo('\n'.join(describe(printer)))
        if not found and not problems:
            click.echo('No printers. Add a queue to CUPS, or a [[folder]] to agent.toml.')
    for sentence in left_out:
        click.echo(sentence, err=True)
    for sentence in problems:
        click.echo(f'{sentence} "print-agent doctor" says more.', err=True)
    if problems:
        sys.exit(AgentError.exit_code)


async def _look(config: Config) -> tuple[list[p.Printer], tuple[str, ...], tuple[str, ...]]:
    ways = backends(config)
    look = Printers(ways, dict)
    try:
        await look.refresh()
    finally:
        for way in ways:
            await way.close()
    return list(look.all()), look.problems, look.offer().sentences


for command in (status, *local.COMMANDS):
    main.add_command(command)
main.add_command(calibrate)
main.add_command(doctor)
main.add_command(service)

if __name__ == '__main__':
    main()
