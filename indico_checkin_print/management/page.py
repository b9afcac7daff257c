"""The two tabs of the page: *Today*, what happens and needs a person; and *Set-up*."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy.orm import joinedload, selectinload

from indico.modules.events.registration.models.forms import RegistrationForm
from indico.util.string import natural_sort_key

from indico_checkin_print import _
from indico_checkin_print.calls import open_calls
from indico_checkin_print.diagnostics.attention import attention
from indico_checkin_print.diagnostics.standstill import standstills
from indico_checkin_print.management.base import RHCheckinPrintBase, WPCheckinPrint
from indico_checkin_print.management.desk_rules.editor import rules_context
from indico_checkin_print.management.jobs.held import held_jobs
from indico_checkin_print.management.jobs.rows import latest_jobs, latest_messages
from indico_checkin_print.management.setup.devices import devices_of
from indico_checkin_print.management.setup.kiosks import kiosk_status, kiosks_of
from indico_checkin_print.management.setup.when import rules_in_words, setup_of
from indico_checkin_print.management.status import (agent_status, desk_statuses, needs_attention, printer_status,
                                                    webhook_status)
from indico_checkin_print.management.visibility import sees_all, visible
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.settings import manual_url


class RHManage(RHCheckinPrintBase):
    """Show the tab *Today*: what happens now, and first what needs a person."""

    def _process(self):
        context = _live_context(self.event)
        return WPCheckinPrint.render_template('today.html', self.event, todo=todo_of(_regforms(self.event), context),
                                              **context)


class RHSetup(RHCheckinPrintBase):
    """Show the tab *Set-up*: forms, rules, desks, print agents and webhooks."""

    def _process(self):
        regforms = _regforms(self.event)
        context = _live_context(self.event)
        desks_of_webhook = defaultdict(list)
        for desk in context['desks']:
            if desk.webhook_id is not None:
                desks_of_webhook[desk.webhook_id].append(desk.name)
        todo = todo_of(regforms, context)
        return WPCheckinPrint.render_template('setup.html', self.event, desks_of_webhook=desks_of_webhook,
                                              regforms=regforms, todo=todo, next_step=todo[0].box if todo else None,
                                              manual_url=manual_url, devices=devices_of(self.event),
                                              BadgeKind=BadgeKind, sees_all=sees_all(self.event),
                                              **rules_context(self.event), **context)


class RHLive(RHCheckinPrintBase):
    """Return the parts of both tabs that change while people check in; the page's script asks for them."""

    def _process(self):
        return WPCheckinPrint.render_template_func('live.html', event=self.event, **_live_context(self.event))


def _regforms(event):
    regforms = (RegistrationForm.query.with_parent(event)
                .filter_by(is_deleted=False)
                .options(joinedload('checkin_print_setup').joinedload(FormSetup.template))
                .all())
    return sorted(regforms, key=lambda x: natural_sort_key(x.title))


def _live_context(event):
    desks = (Desk.query
             .filter_by(event_id=event.id, is_deleted=False)
             .options(joinedload(Desk.webhook), selectinload(Desk.printers))
             .order_by(Desk.id)
             .all())
    agents = (Agent.query.filter_by(event_id=event.id, is_deleted=False).options(selectinload('breakers'))
              .order_by(Agent.revoked_dt.isnot(None), Agent.id).all())
    webhooks = Webhook.query.filter_by(event_id=event.id, is_deleted=False).order_by(Webhook.id).all()
    setup = setup_of(event)
    return {'desks': desks, 'agents': agents, 'jobs': latest_jobs(event), 'agent_status': agent_status,
            'desk_statuses': desk_statuses, 'printer_status': printer_status, 'held': held_jobs(event, setup),
            'webhooks': webhooks, 'webhook_status': webhook_status,
            'webhooks_to_check': [x for x in webhooks if needs_attention(x)], 'paused': setup.paused,
            'rules': rules_in_words(setup),
            'attention': attention(event.id, visible(event)),
            'standstills': standstills(desks, visible(event)),
            'messages': latest_messages(event, webhooks), 'calls': open_calls(event.id),
            'kiosks': kiosks_of(event), 'kiosk_status': kiosk_status}


@dataclass(frozen=True)
class Todo:
    """Something that is missing before the first badge can print, and the box in which it is done."""

    box: str
    sentence: str


def todo_of(regforms, context):
    """Return what is still missing before the first badge can print, as `Todo` in the order to do it."""
    todo = []
    if not context['desks']:
        if not any(agent.is_paired for agent in context['agents']):
            todo.append(Todo('agents', _('Add a print agent, which is a computer with a printer; or a webhook, if you '
                                         'have a receiver of your own.')))
        todo.append(Todo('desks', _('Add a desk and choose its printer.')))
    # a form that was set up and is off was switched off by somebody, who knows that nothing prints
    if not any(x.checkin_print_setup is not None for x in regforms):
        todo.append(Todo('forms', _('Choose what a registration form prints and switch it on.') if regforms else
                         _('Create a registration form; then choose what it prints and switch it on.')))
    return todo
