"""The page itself: what is set up, how it is, and what was printed lately."""

from collections import defaultdict

from sqlalchemy.orm import joinedload, selectinload

from indico.modules.events.registration.models.forms import RegistrationForm
from indico.util.string import natural_sort_key

from indico_checkin_print import _
from indico_checkin_print.management.base import RHCheckinPrintBase, WPCheckinPrint
from indico_checkin_print.management.held import held_jobs
from indico_checkin_print.management.job_rows import latest_jobs
from indico_checkin_print.management.status import agent_status, desk_statuses, printer_status
from indico_checkin_print.management.webhook_status import is_in_trouble, webhook_status
from indico_checkin_print.management.when import rules_in_words, setup_of
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.rules import BadgeKind, FormSetup
from indico_checkin_print.models.webhooks import Webhook


class RHManage(RHCheckinPrintBase):
    """Show the page 'Check-in printing'."""

    def _process(self):
        regforms = (RegistrationForm.query.with_parent(self.event)
                    .filter_by(is_deleted=False)
                    .options(joinedload('checkin_print_setup').joinedload(FormSetup.template))
                    .all())
        context = _live_context(self.event)
        desks_of_webhook = defaultdict(list)
        for desk in context['desks']:
            if desk.webhook_id is not None:
                desks_of_webhook[desk.webhook_id].append(desk.name)
        return WPCheckinPrint.render_template('event_page.html', self.event, desks_of_webhook=desks_of_webhook,
                                              regforms=sorted(regforms, key=lambda x: natural_sort_key(x.title)),
                                              todo=_todo(regforms, context), BadgeKind=BadgeKind, **context)


class RHLive(RHCheckinPrintBase):
    """Return the parts of the page that change while people check in; the page's script asks for them."""

    def _process(self):
        return WPCheckinPrint.render_template_func('live.html', event=self.event, **_live_context(self.event))


def _live_context(event):
    desks = (Desk.query
             .filter_by(event_id=event.id, is_deleted=False)
             .options(joinedload(Desk.webhook), selectinload(Desk.printers))
             .order_by(Desk.id)
             .all())
    agents = (Agent.query.filter_by(event_id=event.id).options(selectinload('troubles'))
              .order_by(Agent.revoked_dt.isnot(None), Agent.id).all())
    webhooks = Webhook.query.filter_by(event_id=event.id, is_deleted=False).order_by(Webhook.id).all()
    setup = setup_of(event)
    return {'desks': desks, 'agents': agents, 'jobs': latest_jobs(event), 'agent_status': agent_status,
            'desk_statuses': desk_statuses, 'printer_status': printer_status, 'held': held_jobs(event, setup),
            'webhooks': webhooks, 'webhook_status': webhook_status,
            'webhooks_in_trouble': [x for x in webhooks if is_in_trouble(x)], 'paused': setup.paused,
            'rules': rules_in_words(setup)}


def _todo(regforms, context):
    """Return what is still missing before the first badge can print, as sentences."""
    todo = []
    if not context['desks']:
        if not any(agent.is_paired for agent in context['agents']):
            todo.append(_('Add a print agent, which is a computer with a printer; or a webhook, if you have a receiver '
                          'of your own.'))
        todo.append(_('Add a desk and choose its printer.'))
    if not any(x.checkin_print_setup is not None and x.checkin_print_setup.enabled for x in regforms):
        todo.append(_('Choose what a registration form prints and switch it on.'))
    return todo
