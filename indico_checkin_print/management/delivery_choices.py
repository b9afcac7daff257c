"""The printers and webhooks that a desk can be given, as choices of one select field.

A choice is written ``printer:<agent id>:<name of the printer>`` or ``webhook:<id>``.
"""

from indico_checkin_print import _
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.webhooks import Webhook


def delivery_of(desk):
    """Return the choice that a desk has now, or ``''``."""
    if desk.webhook is not None:
        return '' if desk.webhook.is_deleted else f'webhook:{desk.webhook_id}'
    return _printer_choice(desk.printers[0].agent_id, desk.printers[0].printer) if desk.printers else ''


def delivery_choices(event, desk=None):
    """Return the choices for a desk, or for a new one.

    What the desk has now is always among them, even if its agent does not report that printer at the moment.
    """
    agents = (Agent.query
              .filter(Agent.event_id == event.id, Agent.revoked_dt.is_(None), Agent.token_hash.isnot(None))
              .order_by(Agent.id))
    webhooks = (Webhook.query
                .filter_by(event_id=event.id, is_deleted=False, send_badge=True)
                .order_by(Webhook.id))
    choices = [('', _('Please select…'))]
    choices += [(_printer_choice(agent.id, printer['name']), _printer_title(agent.name, printer))
                for agent in agents for printer in agent.printers]
    choices += [(f'webhook:{webhook.id}', _('Webhook: {}').format(webhook.name)) for webhook in webhooks]
    current = delivery_of(desk) if desk else ''
    if current not in dict(choices):
        title = (_('Webhook: {}').format(desk.webhook.name) if desk.webhook else
                 _('{agent}: {printer} (not reported at the moment)').format(agent=desk.printers[0].agent.name,
                                                                            printer=desk.printers[0].printer))
        choices.append((current, title))
    return choices


def set_delivery(desk, choice):
    """Give a desk what was chosen. The choice must be one of `delivery_choices`."""
    kind, __, rest = choice.partition(':')
    if kind == 'webhook':
        desk.printers.clear()
        desk.webhook = Webhook.query.filter_by(event_id=desk.event.id, id=int(rest)).one()
        return
    agent_id, __, printer = rest.partition(':')
    agent = Agent.query.filter_by(event_id=desk.event.id, id=int(agent_id)).one()
    desk.webhook = None
    if desk.printers:
        # changed in place, because the position is part of its primary key
        del desk.printers[1:]
        desk.printers[0].agent = agent
        desk.printers[0].printer = printer
    else:
        desk.printers.append(DeskPrinter(position=0, agent=agent, printer=printer))


def _printer_choice(agent_id, printer):
    return f'printer:{agent_id}:{printer}'


def _printer_title(agent_name, printer):
    model = printer.get('model')
    return '{}: {}'.format(agent_name, printer['name']) + (f' ({model})' if model else '')
