"""The tabs of the page: *Today*, what happens and needs a person; *Set-up*; and *First steps*."""

from collections import defaultdict

from flask import request
from sqlalchemy.orm import joinedload, selectinload

from indico.modules.events.registration.models.forms import RegistrationForm
from indico.util.string import natural_sort_key

from indico_checkin_print.badge.pictures.check import faults_of
from indico_checkin_print.badge.template_choice import form_choice, template_rules
from indico_checkin_print.calls import open_calls
from indico_checkin_print.diagnostics.attention import attention
from indico_checkin_print.diagnostics.labels import wrong_labels
from indico_checkin_print.diagnostics.standstill import standstills
from indico_checkin_print.management.base import RHCheckinPrintBase, WPCheckinPrint
from indico_checkin_print.management.batches.progress import batches_of
from indico_checkin_print.management.desk_rules.editor import rules_context
from indico_checkin_print.management.jobs.held import held_jobs
from indico_checkin_print.management.jobs.rows import latest_jobs, latest_messages
from indico_checkin_print.management.setup.calibration import in_words, is_set_at_agent
from indico_checkin_print.management.setup.devices import devices_of
from indico_checkin_print.management.setup.first_steps import first_steps, has_printed
from indico_checkin_print.management.setup.kiosks import kiosk_status, kiosks_of
from indico_checkin_print.management.setup.prepared import prepared_in_words
from indico_checkin_print.management.setup.when import rules_in_words, setup_of
from indico_checkin_print.management.status import (agent_status, desk_statuses, needs_attention, printer_status,
                                                    webhook_status)
from indico_checkin_print.management.template_rules.pages import template_rules_context
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
        return WPCheckinPrint.render_template('today.html', self.event, **_live_context(self.event))


class RHSetup(RHCheckinPrintBase):
    """Show the tab *Set-up*: forms, rules, desks, print agents and webhooks."""

    def _process(self):
        regforms = regforms_of(self.event)
        context = _live_context(self.event, regforms=regforms) | _prepared(self.event)
        desks_of_webhook = defaultdict(list)
        for desk in context['desks']:
            if desk.webhook_id is not None:
                desks_of_webhook[desk.webhook_id].append(desk.name)
        return WPCheckinPrint.render_template('setup.html', self.event, desks_of_webhook=desks_of_webhook,
                                              wrong_labels=_wrong_labels(context['desks'], regforms),
                                              calibration_in_words=in_words, is_set_at_agent=is_set_at_agent,
                                              regforms=regforms, picture_faults=_picture_faults(regforms),
                                              devices=devices_of(self.event), BadgeKind=BadgeKind,
                                              form_choices=_form_choices(regforms), **rules_context(self.event),
                                              **template_rules_context(self.event), **context)


def _picture_faults(regforms):
    """Return what is wrong with the pictures of what forms print: sentences by the id of the form."""
    found = {}
    for regform in regforms:
        if setup := regform.checkin_print_setup:
            template = regform.get_ticket_template() if setup.kind == BadgeKind.ticket else setup.template
            found[regform.id] = faults_of(template) if template is not None else []
    return found


class RHFirstSteps(RHCheckinPrintBase):
    """Show the tab *First steps*: how far it is to the first printed badge. The other tabs show it until then, too."""

    def _process(self):
        return WPCheckinPrint.render_template('first_steps.html', self.event,
                                              **_live_context(self.event, all_steps=True))


class RHLive(RHCheckinPrintBase):
    """Return the parts of the tabs that change while people check in; the page's script asks for them."""

    def _process(self):
        context = _live_context(self.event, all_steps='steps' in request.args)
        if 'setup' in request.args:
            context |= _prepared(self.event)
        return WPCheckinPrint.render_template_func('live.html', event=self.event, **context)


def _wrong_labels(desks, regforms):
    """Return the `WrongLabels` by desk and position of the printer."""
    setups = [each.checkin_print_setup for each in regforms
              if each.checkin_print_setup is not None and each.checkin_print_setup.enabled]
    found = defaultdict(list)
    for each in wrong_labels(desks, setups, template_rules(regforms[0].event_id) if regforms else ()):
        found[each.desk_id, each.position].append(each)
    return found


def regforms_of(event):
    """Return the registration forms of an event by title, with what they print."""
    regforms = (RegistrationForm.query.with_parent(event)
                .filter_by(is_deleted=False)
                .options(joinedload('checkin_print_setup').joinedload(FormSetup.template))
                .all())
    return sorted(regforms, key=lambda x: natural_sort_key(x.title))


def _prepared(event):
    """Return what the tab *Set-up* shows besides; to count all people takes longer than the rest."""
    return {'prepared': prepared_in_words(event, setup_of(event))}


def _form_choices(regforms):
    """Return the `TemplateChoice` of each form that prints badges, by its id."""
    return {regform.id: form_choice(setup) for regform in regforms
            if (setup := regform.checkin_print_setup) is not None and setup.kind == BadgeKind.badge}


def _live_context(event, *, regforms=None, all_steps=False):
    """Return what the tabs show.

    :param all_steps: Whether the first steps are shown although a badge has been printed.
    """
    desks = (Desk.query
             .filter_by(event_id=event.id, is_deleted=False)
             .options(joinedload(Desk.webhook), selectinload(Desk.printers))
             .order_by(Desk.id)
             .all())
    agents = (Agent.query.filter_by(event_id=event.id, is_deleted=False).options(selectinload('breakers'))
              .order_by(Agent.revoked_dt.isnot(None), Agent.id).all())
    webhooks = Webhook.query.filter_by(event_id=event.id, is_deleted=False).order_by(Webhook.id).all()
    setup = setup_of(event)
    printed = has_printed(event)
    steps = [] if printed and not all_steps else first_steps(
        event, regforms_of(event) if regforms is None else regforms,
        {'agents': agents, 'desks': desks, 'webhooks': webhooks}, printed=printed)
    return {'steps': steps, 'manual_url': manual_url, 'sees_all': sees_all(event),
            'desks': desks, 'agents': agents, 'jobs': latest_jobs(event), 'agent_status': agent_status,
            'desk_statuses': desk_statuses, 'printer_status': printer_status, 'held': held_jobs(event, setup),
            'webhooks': webhooks, 'webhook_status': webhook_status,
            'webhooks_to_check': [x for x in webhooks if needs_attention(x)], 'paused': setup.paused,
            'rules': rules_in_words(setup),
            'attention': attention(event.id, visible(event)),
            'standstills': standstills(desks, visible(event)),
            'messages': latest_messages(event, webhooks), 'calls': open_calls(event.id),
            'kiosks': kiosks_of(event), 'kiosk_status': kiosk_status, 'batches': batches_of(event)}

