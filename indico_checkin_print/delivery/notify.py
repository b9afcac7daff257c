"""E-mails about problems: how they are sent, and those about a webhook that stops, works again, or wants nothing."""

from datetime import timedelta

from flask import g

from indico.core.db import db
from indico.core.db.sqlalchemy.principals import PrincipalType
from indico.core.notifications import flush_email_queue, init_email_queue, make_email, send_email
from indico.util.date_time import now_utc
from indico.web.flask.templating import get_template_module

from indico_checkin_print.delivery.breaker import Change
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.sql import now


#: A receiver that works and fails in turn is not worth more than one e-mail in this time.
MIN_EMAIL_INTERVAL = timedelta(hours=1)
#: The permission of those who get the e-mails
PERMISSION = 'registration'


def managers(webhook, change, last_answer, opened_dt):
    """Send an e-mail about a webhook, and commit. The caller has committed what it is about.

    :param change: The `Change`.
    :param last_answer: What came of the last attempt, in words.
    :param opened_dt: Since when its breaker was open before the last attempt, or ``None``.
    """
    if not _worth_it(webhook, change, opened_dt):
        return
    if change == Change.opened:
        webhook.notified_dt = now()
    send(webhook.event, 'webhook', webhook=webhook, change=str(change), last_answer=last_answer, opened_dt=opened_dt)


def send(event, name, **context):
    """Send an e-mail about a problem of an event, and commit.

    :param name: The template, a file of ``templates/emails``; `context` is what it needs besides the event.
    """
    in_a_request = 'email_queue' in g
    init_email_queue()
    with event.force_event_locale():
        template = get_template_module(f'checkin_print:emails/{name}.html', event=event, **context)
        send_email(make_email(recipients(event), template=template, html=True), event, 'Check-in printing')
    db.session.commit()
    if not in_a_request:
        # nobody else will; what cannot be sent is stored by Indico and logged
        flush_email_queue()
        del g.email_queue


def recipients(event):
    """Return the addresses that get e-mails about problems.

    Those that the event names; else of those who manage its registrations; else its contact, or who made it.
    """
    setup = EventSetup.query.get(event.id)
    if setup is not None and setup.alert_emails:
        return set(setup.alert_emails)
    found = {entry.principal.email for entry in event.acl_entries
             if entry.type == PrincipalType.user and entry.has_management_permission(PERMISSION)}
    return found or set(event.contact_emails) or {event.creator.email}


def _worth_it(webhook, change, opened_dt):
    if change == Change.opened:
        return webhook.notified_dt is None or webhook.notified_dt < now_utc() - MIN_EMAIL_INTERVAL
    if change == Change.closed:
        # good news is for those who had the bad news
        return webhook.notified_dt is not None and webhook.notified_dt >= opened_dt
    return True
