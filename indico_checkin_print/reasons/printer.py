"""What is wrong with a printer, in a few words that can follow its name."""

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
    # what Indico found out
    'agent_away': _('the print agent is not connected'),
    'agent_revoked': _('the access of its print agent was revoked'),
    'not_found': _('not found at the computer'),
    'printer_stopped': _('stopped'),
    # what the agent found out
    'cups_down': _('the print service on the computer does not answer'),
    'printer_unreachable': _('switched off or not connected'),
    'printer_frozen': _('hangs; switch it off and on again'),
    'printer_unreadable': _('cannot say if badges come out'),
    'printer_login': _('wants a login before it says if badges come out'),
    'printer_rejecting': _('does not accept jobs'),
    'engine_failed': _('could not print the last badge; it tries again soon'),
    'does_not_fit': _('has labels that are too small for the last badge'),
    'rejected': _('rejected the last badge; has it the right labels or paper?'),
    'disk_full': _("the computer's disk is full"),
    'folder-not-writable': _('the folder cannot be written to'),
}


def describe_reason(keyword):
    """Return the words for an IPP keyword such as ``media-empty-error``."""
    for severity in ('-error', '-warning', '-report'):
        keyword = keyword.removesuffix(severity)
    return str(PRINTER_REASONS.get(keyword) or keyword.replace('-', ' '))
