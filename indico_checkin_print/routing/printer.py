"""Which printer of a desk takes a badge, and why the others do not."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Candidate:
    """A printer that a desk may use: where it stands in the desk's order, whether it works, how much it has to do."""

    agent_id: int
    printer: str
    position: int
    healthy: bool
    load: int
    #: Why it is not healthy: a code, as `blocked_by` returns it
    blocked_by: str = ''
    #: It had permission to print this badge and returned it
    returned: bool = False
    #: Somebody asked for this printer
    chosen: bool = False


def choose_printer(candidates):
    """Return the printer that takes the next badge of a desk: healthy, then asked for, then least loaded, then order.

    One that returned the badge gets it again only if there is no other. ``None`` if none is healthy: the badge waits,
    because a badge that is given to a broken printer is lost time.
    """
    healthy = [c for c in candidates if c.healthy]
    return min(healthy, key=lambda c: (c.returned, not c.chosen, c.load, c.position), default=None)


def reported_block(printer):
    """Return why a printer (as the agent reported it) takes no work now: a code, or ``''`` if it does.

    A printer that waits for paper is healthy enough while nothing else can print: it says ``processing``.
    """
    reasons = printer.get('reasons', ())
    errors = [reason.removesuffix('-error') for reason in reasons if reason.endswith('-error')]
    if printer['state'] == 'stopped':
        others = [reason.removesuffix('-warning').removesuffix('-report') for reason in reasons if reason != 'none']
        return (errors or others or ['printer_stopped'])[0]
    if not printer.get('accepting', True):
        return 'printer_rejecting'
    return errors[0] if errors else ''


@dataclass(frozen=True)
class OpenBreaker:
    """The open circuit breaker of a printer: no badge before `probe_dt`, and then a single one to try it with."""

    #: Why the last badge failed: a code
    reason: str
    probe_dt: datetime


def blocked_by(agent, printer, breaker, now, *, load=0):
    """Return why a printer gets no badge now: a code, or ``''`` if it does.

    :param agent: The agent, with its ``printers`` as it reported them and whether it ``is_connected``.
    :param printer: The name of the printer.
    :param breaker: Its `OpenBreaker`, or ``None`` while that is closed.
    :param now: The time, to compare with the breaker's.
    :param load: How many badges are with the printer already.
    """
    if not agent.is_connected:
        return 'agent_away'
    reported = next((p for p in agent.printers if p['name'] == printer), None)
    if reported is None:
        return 'not_found'
    if breaker is not None and (breaker.probe_dt > now or load):
        return breaker.reason
    return reported_block(reported)
