"""The five steps from an empty event to the first printed badge.

Each is judged by what there is, in the set-up and in the ledger, and never by what somebody clicked. What was done and
is switched off since, such as a laptop over night, stays done.
"""

from dataclasses import dataclass, replace
from typing import Any

from indico.core.db import db

from indico_checkin_print import _
from indico_checkin_print.badge.templates import usable_templates
from indico_checkin_print.ledger.states import OUT
from indico_checkin_print.management.jobs.rows import rows_of
from indico_checkin_print.management.status import agent_status
from indico_checkin_print.models.jobs import Job


@dataclass(frozen=True)
class Step:
    """One of the five steps."""

    #: ``registration``, ``agents``, ``desks``, ``forms`` or ``test``
    key: str
    title: str
    is_done: bool
    #: What there is, or what is still missing, in a sentence
    detail: str
    #: What its button is about, if it is about something that exists: a form, or a desk
    target: Any = None
    #: It is the first that is not done
    is_next: bool = False


def has_printed(event):
    """Return whether a badge of the event has come out at any of its desks, as far as anybody can say."""
    # one state after the other, newest first, walks along an index; what goes to webhooks only has no desk
    return any(db.session.query(Job.id).filter(Job.event_id == event.id, Job.state == state, Job.desk_id.isnot(None))
               .order_by(Job.id.desc()).limit(1).scalar() for state in OUT)


def first_steps(event, regforms, context, *, printed):
    """Return the five steps in order, as `Step`.

    :param regforms: The registration forms of the event, with what they print.
    :param context: The ``agents``, ``desks`` and ``webhooks`` of the event.
    :param printed: What `has_printed` returned.
    """
    steps = [_registration(regforms), _agents(event, context), _desks(context['desks']), _forms(regforms),
             _test(event, context['desks'], printed=printed)]
    following = next((step for step in steps if not step.is_done), None)
    return [replace(step, is_next=step is following) for step in steps]


def _registration(regforms):
    title = _('A registration form and a badge template')
    if not regforms:
        return Step('registration', title, False,
                    _('Create a registration form in Indico. Everybody who gets a badge is registered with one.'))
    # a form that prints without one has the default badge
    if not any(form.checkin_print_setup or usable_templates(form) for form in regforms):
        words = _('There is no badge template. Who manages the whole event draws one on the page "Posters/Badges".')
        return Step('registration', title, False, words, regforms[0])
    return Step('registration', title, True, ', '.join(form.title for form in regforms))


def _agents(event, context):
    title = _('A computer with a printer')
    agents = [agent for agent in context['agents'] if agent.revoked_dt is None]
    ready = [agent for agent in agents if agent.is_paired and agent.printers]
    if ready:
        return Step('agents', title, True, '; '.join(f'{agent.name}: {agent_status(agent, event.tzinfo).text}'
                                                     for agent in ready))
    if receivers := [webhook.name for webhook in context['webhooks'] if webhook.send_badge]:
        return Step('agents', title, True, _('Webhook: {}').format(', '.join(receivers)))
    if not agents:
        return Step('agents', title, False, _('Add a print agent, a program at a computer with a printer; or a '
                                              'webhook, if you have a receiver of your own.'))
    connected = [agent.name for agent in agents if agent.is_connected]
    if connected:
        words = _('{} is connected, but has no printer. Set one up there: it appears here automatically.')
        return Step('agents', title, False, words.format(', '.join(connected)), agents[0])
    states = [(agent.name, agent_status(agent, event.tzinfo)) for agent in agents]
    words = '; '.join(f'{name}: {state.text}. {state.detail}'.strip() for name, state in states)
    return Step('agents', title, False, words, agents[0])


def _desks(desks):
    title = _('A desk')
    working = [desk for desk in desks if _delivers(desk)]
    if working:
        return Step('desks', title, True, ', '.join(desk.name for desk in working))
    if desks:
        words = _('Choose where the badges of the desk "{}" go: it has no webhook, and no printer of a paired print '
                  'agent.')
        return Step('desks', title, False, words.format(desks[0].name), desks[0])
    return Step('desks', title, False, _('Add a desk, where people get their badge, and choose its printer.'))


def _forms(regforms):
    title = _('What prints')
    printing = [form for form in regforms if form.checkin_print_setup and form.checkin_print_setup.enabled]
    if printing:
        return Step('forms', title, True, ', '.join(form.title for form in printing))
    words = _('Choose what a registration form prints when people are checked in, and switch it on.')
    return Step('forms', title, False, words, regforms[0] if regforms else None)


def _test(event, desks, *, printed):
    title = _('A test badge on paper')
    if printed:
        return Step('test', title, True, _('A badge has been printed.'))
    desk = next((desk for desk in desks if _delivers(desk)), None)
    latest = (db.session.query(Job.id).filter_by(event_id=event.id, purpose=Job.PURPOSE_TEST, webhook_id=None)
              .order_by(Job.id.desc()).limit(1).scalar())
    if latest is not None:
        return Step('test', title, False, rows_of(event, [latest])[0].outcome, desk)
    return Step('test', title, False, _('Print a test badge, and look at the paper: is the size right, is nothing cut '
                                        'off, is the name readable?'), desk)


def _delivers(desk):
    """Return whether a desk has a printer of a paired agent, or a webhook."""
    if desk.webhook is not None:
        return not desk.webhook.is_deleted
    return any(x.agent.is_paired for x in desk.printers)
