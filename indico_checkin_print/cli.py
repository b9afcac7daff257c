"""The command line of the administrator: ``indico checkin-print …``."""

import click

from indico.cli.core import cli_group


@cli_group(name='checkin-print')
def cli():
    """Print badges on check-in."""


@cli.command()
@click.option('--host', default='127.0.0.1', show_default=True, help='Address to listen on; nginx stands before it.')
@click.option('--port', default=8630, show_default=True, type=click.IntRange(1, 65535))
def relay(host, port):
    """Run the relay: the websocket side that agents connect to."""
    from indico_checkin_print.relay.server import run
    run(host, port)


@cli.command()
def sweep():
    """Run one sweep now: what beat does every 15 seconds."""
    from indico.core.db import db

    from indico_checkin_print import ledger
    from indico_checkin_print.work import post_waiting, render_waiting
    moved = ledger.sweep('cli')
    db.session.commit()
    click.echo(f'{moved} jobs put right, {render_waiting("cli")} rendered, {post_waiting("cli")[0]} POSTs made.')
