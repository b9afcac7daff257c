"""What becomes of badges, laptops and receivers when an event, or one of its registration forms, is deleted."""

from flask import has_request_context, session

from indico.core import signals
from indico.core.db import db

from indico_checkin_print import ledger
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.sql import notify_agents, now


def connect(plugin):
    """Begin to listen to Indico."""
    plugin.connect(signals.event.deleted, on_event_deleted)
    plugin.connect(signals.event.registration_form_deleted, on_form_deleted)


def on_event_deleted(event, user=None, **kwargs):
    """Receive an event's ``deleted``: nothing is printed or sent any more. Never raises.

    Laptops are let go for good and webhooks are switched off: an event that an administrator restores begins to print
    when a manager pairs and switches on again, and not before.
    """
    try:
        with db.session.begin_nested():
            ledger.cancel_event(event, f'user:{user.id}' if user else 'system')
            agents = db.session.execute(
                db.update(Agent.__table__)
                .where(Agent.event_id == event.id, Agent.revoked_dt.is_(None))
                .values(revoked_dt=now(), token_hash=None, code_hash=None, code_expires_dt=None)
                .returning(Agent.id)).scalars().all()
            notify_agents(agents)
            db.session.execute(db.update(Webhook.__table__).where(Webhook.event_id == event.id).values(enabled=False))
    except Exception as exc:
        # the event is deleted all the same; its jobs are found pointless one by one
        log_failure(logger, exc, 'The printing of event %d could not be ended', event.id)


def on_form_deleted(registration_form, **kwargs):
    """Receive ``registration_form_deleted``: nothing of it is printed or sent any more. Never raises."""
    user = session.user if has_request_context() else None
    try:
        with db.session.begin_nested():
            ledger.cancel_form(registration_form, f'user:{user.id}' if user else 'system')
    except Exception as exc:
        # what was not rendered yet is found pointless one by one
        log_failure(logger, exc, 'The printing of registration form %d could not be ended', registration_form.id)
