"""What the pages say about a webhook right now, in words."""

from indico.util.date_time import format_datetime

from indico_checkin_print import _
from indico_checkin_print.delivery import breaker
from indico_checkin_print.management.status import Status


def webhook_status(webhook, tzinfo):
    """Tell whether a webhook works."""
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
                      _('Failed {count} times in a row, since {since}. The next message is a try.').format(
                          count=webhook.failures, since=since))
    if webhook.failures:
        return Status(_('Unsteady'), 'warning',
                      _('The last {count} tries did not work.').format(count=webhook.failures))
    return Status(_('On'), 'success')


def is_in_trouble(webhook):
    """Tell whether managers should know about a webhook: it is off, or its breaker is open."""
    return not webhook.enabled or webhook.opened_dt is not None
