"""``print-agent calibrate``: prints the calibration sheet of a printer and asks what is seen on it."""

import click

from print_agent.cli import local_client
from print_agent.cli.errors import sentences
from print_agent.config import Config
from print_agent.protocol import calibration
from print_agent.protocol.errors import WrongAnswer
from print_agent.web.status import Badge, Snapshot


@click.command(short_help='Find out where a printer puts a page, and make up for it.')
@click.argument('printer')
@click.option('--no-sheet', is_flag=True, help='Print no sheet: one is at hand.')
@click.option('--forget', is_flag=True, help='Forget what was found, and print as before.')
@click.pass_obj
def calibrate(config: Config, printer: str, no_sheet: bool, forget: bool) -> None:
    """Print the calibration sheet of a printer, ask what is seen on it, and print badges accordingly from then on."""
    with sentences():
        if forget:
            local_client.ask(config, Snapshot, 'api/forget_calibration', {'printer': printer})
            click.echo(f'{printer} prints as if it had never been calibrated here.')
            return
        if not no_sheet:
            job = local_client.ask(config, Badge, 'api/calibration_sheet', {'printer': printer})
            click.echo(f'A calibration sheet goes to {job.printer}. Hold it as the badge will be read.')
        code, card = _code(printer)
        answers = _answers(card)
        found = local_client.ask(config, dict[str, str], 'api/calibrate',
                                 {'printer': printer, 'code': code, 'answers': answers})['found']
    click.echo(f'{printer} is calibrated: {found}. Print a test page: print-agent test {printer}')


def _code(printer: str) -> tuple[str, float | None]:
    """Ask for the code until it is one; return it, and the side of a card that the sheet has a ruler for."""
    while True:
        code = click.prompt('The code in large letters')
        try:
            return code, calibration.card_side(calibration.size_of(printer, code))
        except WrongAnswer as exc:
            click.echo(exc.detail, err=True)


def _answers(card: float | None) -> dict[str, str | float]:
    """Ask what is seen. A question that is answered with nothing is left out."""
    answers: dict[str, str | float] = {
        'up': click.prompt('Which arrow points up?', type=click.Choice(list(calibration.EDGES), case_sensitive=False))}
    click.echo('At each letter, which line of the ruler does the edge of the label touch? 0: the ruler begins at the '
               'edge; 2.5: it ends between its second and third line; -1: it begins one millimetre inside; Enter: '
               'its ruler cannot be seen.')
    for edge in calibration.EDGES:
        _ask(answers, edge.lower(), f'Edge {edge}')
    if card is not None:
        side = 'long' if card == calibration.CARD_LONG_MM else 'short'
        _ask(answers, 'card', f'Lay the {side} side of a bank card at the line "0" of the ruler CARD. Which number is '
                              f'at its other end? Enter: no card at hand')
    return answers


def _ask(answers: dict[str, str | float], name: str, question: str) -> None:
    while (text := click.prompt(question, default='', show_default=False).strip().replace(',', '.')):
        try:
            answers[name] = float(text)
            return
        except ValueError:
            click.echo('That is not a number.', err=True)
