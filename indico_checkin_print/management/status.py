"""What the page says about desks, agents and printers right now, in words."""

from dataclasses import dataclass

from indico.util.date_time import format_datetime, format_time

from indico_checkin_print import _
from indico_checkin_print.delivery import breaker
from indico_checkin_print.ledger.states import OUT
from indico_checkin_print.reasons.printer import describe_reason


@dataclass(frozen=True)
class Status:
    """A state in words, and how it is coloured: one of the classes of Indico's labels, or none."""

    text: str
    css: str = ''
    detail: str = ''

    @property
    def is_good(self):
        return self.css == 'success'


def agent_status(agent, tzinfo):
    """Return whether a print agent is there."""
    if not agent.is_paired:
        return pairing_status(agent, tzinfo)
    if agent.seen_dt is None:
        return Status(_('Not connected'), 'warning', _('It is paired but has not been started yet.'))
    if agent.is_connected:
        return Status(_('Connected'), 'success')
    return Status(_('Not connected'), 'error',
                  _('Last seen {}').format(format_datetime(agent.seen_dt, 'medium', timezone=tzinfo)))


def pairing_status(paired, tzinfo):
    """Return why an agent or a kiosk is not paired."""
    if paired.revoked_dt is not None:
        return Status(_('Revoked'), 'strong', format_datetime(paired.revoked_dt, 'medium', timezone=tzinfo))
    if paired.waits_for_code:
        return Status(_('Waiting for its code'), 'highlight')
    return Status(_('Not paired'), 'warning', _('The code has expired. Make a new one.'))


def printer_status(printer, agent=None, tzinfo=None):
    """Return the state of a printer as its agent reported it; with the agent, also whether its breaker is open."""
    breaker = next((x for x in (agent.breakers if agent else ()) if x.printer == printer['name'] and x.probe_dt), None)
    if breaker is not None:
        words = _('{reason}. It failed {count} times in a row. The next badge is tried after {time}.').format(
            reason=describe_reason(breaker.reason), count=breaker.failures,
            time=format_time(breaker.probe_dt, 'medium', timezone=tzinfo))
        return Status(_('Out of service'), 'error', words)
    reasons = ', '.join(dict.fromkeys(describe_reason(x) for x in printer.get('reasons', ()) if x != 'none'))
    if printer.get('state') == 'stopped':
        return Status(_('Stopped'), 'error', reasons)
    if not printer.get('accepting', True):
        return Status(_('Does not accept jobs'), 'error', reasons)
    if any(x.endswith('-error') for x in printer.get('reasons', ())):
        return Status(_('Needs attention'), 'error', reasons)
    if printer.get('state') == 'processing':
        return Status(_('Printing'), 'warning' if reasons else 'highlight', reasons)
    return Status(_('Ready'), 'warning' if reasons else 'success', reasons)


def desk_printer_status(desk_printer, tzinfo):
    """Return the state of one printer of a desk, or why nothing is known about it."""
    agent = agent_status(desk_printer.agent, tzinfo)
    if not agent.is_good:
        return Status(agent.text, agent.css, agent.detail)
    reported = next((x for x in desk_printer.agent.printers if x['name'] == desk_printer.printer), None)
    if reported is None:
        return Status(_('Not found'), 'error', _('The agent does not see this printer any more.'))
    return printer_status(reported, desk_printer.agent, tzinfo)


def desk_statuses(desk, tzinfo):
    """Return the `Status` of each way a desk has to deliver a badge; at least one."""
    if desk.webhook is not None:
        if desk.webhook.is_deleted:
            return [Status(_('The webhook was deleted'), 'error', _('Choose another one, or a printer.'))]
        if needs_attention(desk.webhook):
            return [webhook_status(desk.webhook, tzinfo)]
        return [Status(_('Badges are sent to the webhook'))]
    if not desk.printers:
        return [Status(_('No printer'), 'error', _('Choose a printer for this desk.'))]
    return [desk_printer_status(x, tzinfo) for x in desk.printers]


def elsewhere(job):
    """Return in words that a badge came out at another printer than it might have, and why; else ``''``."""
    others = '; '.join(f'{x["printer"]}: {describe_reason(x["reason"])}' for x in job.skipped_printers
                       if (x['agent_id'], x['printer']) != (job.agent_id, job.printer))
    if not others or not job.printer:
        return ''
    words = (_('Came out at {printer}. {others}.') if job.state in OUT else
             _('Goes to {printer}. {others}.'))
    return words.format(printer=job.printer, others=others)


def webhook_status(webhook, tzinfo):
    """Return whether a webhook works."""
    if not webhook.enabled:
        return Status(_('Off'), 'strong', _('It gets nothing until you switch it on.'))
    state = breaker.state(webhook)
    since = format_datetime(webhook.opened_dt, 'medium', timezone=tzinfo) if webhook.opened_dt else ''
    if state == breaker.State.open:
        next_try = format_datetime(webhook.probe_dt, 'medium', timezone=tzinfo)
        return Status(_('Does not work'), 'error',
                      _('Failed {count} times in a row, since {since}. Next try: {next_try}.').format(
                          count=webhook.failures, since=since, next_try=next_try))
    if state == breaker.State.half_open:
        return Status(_('Does not work'), 'warning',
                      _('Failed {count} times in a row, since {since}. The next message is sent as a test.').format(
                          count=webhook.failures, since=since))
    if webhook.failures:
        return Status(_('Unstable'), 'warning',
                      _('The last {count} attempts failed.').format(count=webhook.failures))
    return Status(_('On'), 'success')


def needs_attention(webhook):
    """Return whether managers should know about a webhook: it is off, or its breaker is open."""
    return not webhook.enabled or webhook.opened_dt is not None
