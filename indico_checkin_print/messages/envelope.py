"""What leaves Indico: the job envelope for agents and webhooks, and what goes around it for a webhook."""

from msgspec import UNSET, convert

from indico.util.date_time import now_utc

from print_agent.protocol.calibration import Calibration
from print_agent.protocol.messages import Job as JobMessage

from indico_checkin_print.errors import DocumentGone
from indico_checkin_print.ledger.states import PRINT_WITHIN
from indico_checkin_print.messages.news import news_message
from indico_checkin_print.messages.payload import registration_data
from indico_checkin_print.messages.webhook import (BadgeData, BadgePrint, CheckedIn, CheckinUndone, Event, EventData,
                                                   RegistrationData, WebhookTest)
from indico_checkin_print.models.jobs import Job


def job_message(job, *, go, printer=None, dispatch=None, print_within=PRINT_WITHIN, agent_id=None):
    """Build the envelope of a job whose document is stored.

    :param go: Whether it is permission to print.
    :param printer: The agent's printer, if the job was given to it just now.
    :param dispatch: The number of the dispatch, if the job was given away just now.
    :param print_within: For how many seconds the permission is good.
    :param agent_id: The agent that gets it; a webhook gets no calibration, as nobody knows its printer.
    """
    doc = job.document
    printer = job.printer if printer is None else printer
    return JobMessage(
        job=message_id(job), dispatch=job.dispatch if dispatch is None else dispatch,
        printer=printer,
        title=f'Badge {job.event_id}-{job.registration_id or job.purpose}-{job.id}', name=name_of(job)[:200],
        kind='test' if job.purpose == Job.PURPOSE_TEST else doc.kind.name,
        desk=job.desk.name[:200] if job.desk else '', pages=doc.pages, two_sided=doc.two_sided,
        width_mm=doc.width_mm, height_mm=doc.height_mm, length=doc.length, sha256=doc.sha256,
        expires_in=max(0.0, (job.expires_dt - now_utc()).total_seconds()),
        go=go, print_within=float(print_within), copies=(job.facts or {}).get('copies', 1),
        calibration=_calibration(job, agent_id, printer),
    )


def _calibration(job, agent_id, printer):
    if (job.facts or {}).get('sheet'):
        return Calibration(alone=True)
    found = next((each.calibration for each in (job.desk.printers if job.desk else ())
                  if (each.agent_id, each.printer) == (agent_id, printer)), None)
    return UNSET if found is None else convert(found, Calibration)


def name_of(job):
    """Return whose badge it is, for people at the printer."""
    registration = job.registration
    if job.purpose == Job.PURPOSE_SEPARATOR:
        return 'Separator sheet'
    if registration is None:
        return 'Calibration sheet' if (job.facts or {}).get('sheet') else 'Test'
    if job.person:
        for person in registration.accompanying_persons:
            if person['id'] == job.person:
                return f'{person["firstName"]} {person["lastName"]}'
    return registration.full_name


def original(job):
    """Return the job whose message this one sends: another one, if it sends a message to a webhook once more."""
    return job.reprint_of if job.webhook_id is not None and job.reprint_of is not None else job


def message_id(job):
    """Return the ``webhook-id`` of a job's message: the same for every attempt, and when it is sent again."""
    return original(job).uuid


def delivery(job, webhook, *, callback):
    """Build the JSON part of a POST, one of `webhook.MESSAGES`. It holds what the event chose to send, and ids.

    :param callback: The URL where the receiver may report what became of the badge.
    :raises DocumentGone: if a badge for a desk has no document any more.
    :raises NewsGone: if nobody knows any more what news were about.
    """
    head = {'timestamp': original(job).created_dt.isoformat()}
    event = Event(id=job.event.id, title=job.event.title, url=job.event.external_url)
    if job.purpose == Job.PURPOSE_TEST and job.webhook_id is not None:
        return WebhookTest(**head, data=EventData(event=event))
    registration = registration_data(job, webhook.fields) if job.registration else UNSET
    if job.news is not None:
        return news_message(job, original(job).facts, event=event, registration=registration, **head)
    if job.purpose.startswith(Job.PURPOSE_UNDO):
        return CheckinUndone(**head, data=RegistrationData(event=event, registration=registration))
    # A webhook that stands for a desk always gets the badge. What waited while the webhook wanted no badge has none,
    # and stays what it was.
    if job.webhook_id is not None and not (webhook.send_badge and job.document is not None):
        return CheckedIn(**head, data=RegistrationData(event=event, registration=registration))
    if job.document is None:
        raise DocumentGone
    return BadgePrint(**head, data=BadgeData(event=event, job=job_message(job, go=True, printer=''), callback=callback,
                                             registration=registration))
