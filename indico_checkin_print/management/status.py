"""What the page says about desks, agents and printers right now, in words."""

from dataclasses import dataclass

from indico.util.date_time import format_datetime, now_utc

from indico_checkin_print import _


#: The printer-state-reasons that people meet at a desk (RFC 8011, 5.4.12, and PWG 5100.9), without their severity
PRINTER_REASONS = {
    'media-empty': _('out of paper'),
    'media-needed': _('out of paper'),
    'media-low': _('little paper left'),
    'media-jam': _('paper jam'),
    'cover-open': _('cover open'),
    'door-open': _('door open'),
    'interlock-open': _('cover open'),
    'input-tray-missing': _('paper tray missing'),
    'output-area-full': _('output tray full'),
    'marker-supply-empty': _('out of ink or ribbon'),
    'marker-supply-low': _('little ink or ribbon left'),
    'toner-empty': _('out of toner'),
    'toner-low': _('little toner left'),
    'connecting-to-device': _('connecting'),
    'offline': _('switched off or unplugged'),
    'shutdown': _('switched off'),
    'timed-out': _('does not answer'),
    'paused': _('paused'),
    'moving-to-paused': _('paused'),
    'spool-area-full': _('memory full'),
    'other': _('has a problem'),
    # what the agent found out
    'cups_down': _('the print service on the laptop does not answer'),
    'printer_unreachable': _('switched off or not connected'),
    'printer_frozen': _('hangs; switch it off and on again'),
    'printer_rejecting': _('does not accept jobs'),
    'engine_failed': _('could not print the last badge; it tries again soon'),
    'rejected': _('rejected the last badge; has it the right labels or paper?'),
    'folder-not-writable': _('the folder cannot be written to'),
}


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
    """Tell whether a print agent is there."""
    if agent.revoked_dt is not None:
        return Status(_('Revoked'), 'strong', format_datetime(agent.revoked_dt, 'medium', timezone=tzinfo))
    if agent.token_hash is None:
        if agent.code_hash is not None and agent.code_expires_dt > now_utc():
            return Status(_('Waiting for its code'), 'highlight')
        return Status(_('Not paired'), 'warning', _('The code has expired. Make a new one.'))
    if agent.seen_dt is None:
        return Status(_('Not connected'), 'warning', _('It is paired but has not been started yet.'))
    if agent.is_connected:
        return Status(_('Connected'), 'success')
    return Status(_('Not connected'), 'error',
                  _('Last seen {}').format(format_datetime(agent.seen_dt, 'medium', timezone=tzinfo)))


def printer_status(printer):
    """Tell how a printer is, as its agent reported it."""
    reasons = ', '.join(dict.fromkeys(describe_reason(x) for x in printer.get('reasons', ()) if x != 'none'))
    if printer.get('state') == 'stopped':
        return Status(_('Stopped'), 'error', reasons)
    if not printer.get('accepting', True):
        return Status(_('Takes no jobs'), 'error', reasons)
    if any(x.endswith('-error') for x in printer.get('reasons', ())):
        return Status(_('Needs help'), 'error', reasons)
    if printer.get('state') == 'processing':
        return Status(_('Printing'), 'warning' if reasons else 'highlight', reasons)
    return Status(_('Ready'), 'warning' if reasons else 'success', reasons)


def describe_reason(keyword):
    """Return the words for an IPP keyword such as ``media-empty-error``."""
    for severity in ('-error', '-warning', '-report'):
        keyword = keyword.removesuffix(severity)
    return str(PRINTER_REASONS.get(keyword) or keyword.replace('-', ' '))


def desk_printer_status(desk_printer, tzinfo):
    """Tell how one printer of a desk is, or why nothing is known about it."""
    agent = agent_status(desk_printer.agent, tzinfo)
    if not agent.is_good:
        return Status(agent.text, agent.css, agent.detail)
    reported = next((x for x in desk_printer.agent.printers if x['name'] == desk_printer.printer), None)
    if reported is None:
        return Status(_('Not found'), 'error', _('The agent does not see this printer any more.'))
    return printer_status(reported)


def desk_statuses(desk, tzinfo):
    """Return the `Status` of each way a desk has to deliver a badge; at least one."""
    if desk.webhook is not None:
        if desk.webhook.is_deleted:
            return [Status(_('The webhook was deleted'), 'error', _('Choose another one, or a printer.'))]
        return [Status(_('Badges are sent to the webhook'))]
    if not desk.printers:
        return [Status(_('No printer'), 'error', _('Choose a printer for this desk.'))]
    return [desk_printer_status(x, tzinfo) for x in desk.printers]
