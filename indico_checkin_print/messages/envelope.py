"""What leaves Indico: the job envelope for agents and webhooks, and what goes around it for a webhook."""

from indico.util.date_time import now_utc

from print_agent.protocol.messages import Delivery, DeliveryData
from print_agent.protocol.messages import Job as JobMessage

from indico_checkin_print.ledger.states import PRINT_WITHIN
from indico_checkin_print.messages.payload import registration_data
from indico_checkin_print.models.jobs import Job


def job_message(job, *, go, printer=None, dispatch=None, print_within=PRINT_WITHIN):
    """Build the envelope of a job whose document is stored.

    :param go: Whether it is permission to print.
    :param printer: The agent's printer, if the job was given to it just now.
    :param dispatch: The number of the dispatch, if the job was given away just now.
    :param print_within: For how many seconds the permission is good.
    """
    doc = job.document
    return JobMessage(
        job=message_id(job), dispatch=job.dispatch if dispatch is None else dispatch,
        printer=job.printer if printer is None else printer,
        title=f'Badge {job.event_id}-{job.registration_id or "test"}-{job.id}', name=name_of(job)[:200],
        kind='test' if job.purpose == Job.PURPOSE_TEST else doc.kind.name,
        desk=job.desk.name[:200] if job.desk else '', pages=doc.pages, width_mm=doc.width_mm, height_mm=doc.height_mm,
        length=doc.length, sha256=doc.sha256,
        expires_in=max(0.0, (job.expires_dt - now_utc()).total_seconds()),
        go=go, print_within=float(print_within),
    )


def name_of(job):
    """Return whose badge it is, for people at the printer."""
    registration = job.registration
    if registration is None:
        return 'Test'
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
    """Build the JSON part of a POST. It holds what the event chose to send, and ids.

    :param callback: The URL where the receiver may report what became of the badge.
    :raises ValueError: if a badge for a desk has no document any more.
    """
    event, is_event_test = job.event, job.purpose == Job.PURPOSE_TEST and job.webhook_id is not None
    # A webhook that stands for a desk always gets the badge. What waited while the webhook wanted no badge has none,
    # and stays what it was.
    is_undone = job.purpose.startswith(Job.PURPOSE_UNDO)
    with_badge = not is_event_test and not is_undone and (
        job.webhook_id is None or (webhook.send_badge and job.document is not None))
    if with_badge and job.document is None:
        raise ValueError('Its document was deleted.')
    kind = ('webhook.test' if is_event_test else 'checkin.undone' if is_undone else 'badge.print' if with_badge else
            'registration.checked_in')
    return Delivery(
        type=kind,
        timestamp=original(job).created_dt.isoformat(),
        data=DeliveryData(
            event={'id': event.id, 'title': event.title, 'url': event.external_url},
            job=job_message(job, go=True, printer='') if with_badge else None,
            callback=callback if with_badge else '',
            registration=registration_data(job, webhook.fields) if job.registration else None,
        ),
    )
