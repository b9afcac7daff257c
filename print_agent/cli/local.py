"""Commands that speak to the running agent: ``test``, ``reprint``, ``pause``, ``resume`` and ``page``."""

import webbrowser

import click

from print_agent.cli import local_client
from print_agent.cli.errors import sentences
from print_agent.config import Config
from print_agent.web.status import Badge, Snapshot


@click.command()
@click.argument('printer')
@click.pass_obj
def test(config: Config, printer: str) -> None:
    """Print a test page. Also on a paused printer, and without a network."""
    with sentences():
        job = local_client.ask(config, Badge, 'api/test', {'printer': printer})
        status = local_client.ask(config, Snapshot, 'api/status')
    click.echo(f'A test page goes to {job.printer} ({job.job}).')
    _warn(status, job.printer)


@click.command(short_help='Print a badge of the last hours again.')
@click.argument('badge')
@click.option('--printer', metavar='NAME', help='Print it there instead of where it came out before.')
@click.pass_obj
def reprint(config: Config, badge: str, printer: str | None) -> None:
    """Print a badge of the last hours again. BADGE: its id, or the beginning of it (see "status"), or "last"."""
    with sentences():
        other = local_client.ask(config, Badge, 'api/reprint',
                                 {'job': badge, **({'printer': printer} if printer else {})})
        status = local_client.ask(config, Snapshot, 'api/status')
    whose = f'The badge of {other.name}' if other.name else f'The badge {other.origin}'
    click.echo(f'{whose} is printed again on {other.printer} ({other.job}).')
    _warn(status, other.printer)


@click.command(short_help='Print no badges on a printer, or on all, until "resume".')
@click.argument('printer', required=False)
@click.pass_obj
def pause(config: Config, printer: str | None) -> None:
    """Print no badges on a printer, or on all printers, until "resume". Indico uses other printers of the desk."""
    _pause(config, 'pause', printer)


@click.command()
@click.argument('printer', required=False)
@click.pass_obj
def resume(config: Config, printer: str | None) -> None:
    """Resume printing on a printer, or on all printers."""
    _pause(config, 'resume', printer)


@click.command()
@click.option('--open', 'open_it', is_flag=True, help='Open it in the browser.')
@click.pass_obj
def page(config: Config, open_it: bool) -> None:
    """Print the address of the local page. It works once, within two minutes."""
    with sentences():
        url = local_client.ask(config, dict[str, str], 'api/ticket', {})['url']
    click.echo(url)
    if open_it and not webbrowser.open(url):
        click.echo('No browser could be started. Open the address above in one.', err=True)


def _warn(status: Snapshot, printer: str) -> None:
    """Somebody waits at the printer: say at once if it cannot print."""
    for each in status.printers:
        if each.name == printer and each.level in ('bad', 'warn'):
            click.echo(f'But {each.name}: {each.words}. {" ".join(each.sentences)}'.rstrip(), err=True)


def _pause(config: Config, verb: str, printer: str | None) -> None:
    with sentences():
        status = local_client.ask(config, Snapshot, f'api/{verb}', {'printer': printer} if printer else {})
    for each in status.printers:
        if printer in (None, each.name):
            click.echo(f'{each.name}: {each.words}')
    if not status.printers:
        click.echo('There are no printers yet. Any that are added are paused.' if status.all_paused
                   else 'There are no printers yet.')


COMMANDS = (test, reprint, pause, resume, page)
