"""The printers and webhooks that a desk can be given, as choices of select fields.

A choice is written ``printer:<agent id>:<name of the printer>`` or ``webhook:<id>``.
"""

from indico_checkin_print import _
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.webhooks import Webhook


#: Most printers of one desk.
MAX_PRINTERS = 4


def delivery_of(desk):
    """Return the choices that a desk has now, in order; none if it has nothing to print with."""
    if desk.webhook is not None:
        return [] if desk.webhook.is_deleted else [f'webhook:{desk.webhook_id}']
    return [_printer_choice(x.agent_id, x.printer) for x in desk.printers]


def delivery_choices(event, desk=None):
    """Return the choices for a desk, or for a new one: printers and webhooks.

    What the desk has now is always among them, even if its agent does not report that printer at the moment.
    """
    webhooks = (Webhook.query
                .filter_by(event_id=event.id, is_deleted=False, send_badge=True)
                .order_by(Webhook.id))
    choices = [('', _('Please select…')), *_printer_choices(event, desk)]
    choices += [(f'webhook:{webhook.id}', _('Webhook: {}').format(webhook.name)) for webhook in webhooks]
    if desk is not None and desk.webhook is not None:
        current = (delivery_of(desk) or [''])[0]
        if current not in dict(choices):
            choices.append((current, _('Webhook: {}').format(desk.webhook.name)))
    return choices


def further_choices(event, desk=None):
    """Return the choices for the second and every further printer of a desk."""
    return [('', _('None')), *_printer_choices(event, desk)]


def _printer_choices(event, desk):
    agents = (Agent.query
              .filter(Agent.event_id == event.id, Agent.revoked_dt.is_(None), Agent.token_hash.isnot(None))
              .order_by(Agent.id))
    choices = [(_printer_choice(agent.id, printer['name']), _printer_title(agent.name, printer))
               for agent in agents for printer in agent.printers]
    for used in desk.printers if desk is not None else ():
        choice = _printer_choice(used.agent_id, used.printer)
        if choice not in dict(choices):
            choices.append((choice, _('{agent}: {printer} (not reported at the moment)')
                            .format(agent=used.agent.name, printer=used.printer)))
    return choices


def set_delivery(desk, choices):
    """Give a desk what was chosen, in order: printers, or one webhook. All must be among `delivery_choices`."""
    kind, __, rest = choices[0].partition(':')
    if kind == 'webhook':
        desk.printers.clear()
        desk.webhook = Webhook.query.filter_by(event_id=desk.event.id, id=int(rest)).one()
        return
    desk.webhook = None
    calibrations = {(x.agent_id, x.printer): x.calibration for x in desk.printers}
    del desk.printers[len(choices):]
    for position, choice in enumerate(choices):
        agent_id, __, printer = choice.removeprefix('printer:').partition(':')
        agent = Agent.query.filter_by(event_id=desk.event.id, id=int(agent_id)).one()
        if position < len(desk.printers):
            # changed in place, because the position is part of its primary key
            desk.printers[position].agent = agent
            desk.printers[position].printer = printer
            # it is about the printer and not about its place in the list
            desk.printers[position].calibration = calibrations.get((agent.id, printer))
        else:
            last = desk.printers[-1].position if desk.printers else -1
            desk.printers.append(DeskPrinter(position=last + 1, agent=agent, printer=printer,
                                             calibration=calibrations.get((agent.id, printer))))


def _printer_choice(agent_id, printer):
    return f'printer:{agent_id}:{printer}'


def _printer_title(agent_name, printer):
    model = printer.get('model')
    return '{}: {}'.format(agent_name, printer['name']) + (f' ({model})' if model else '')
