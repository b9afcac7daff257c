"""The log of attempts: one row for each POST, written before it, so that one whose process died is there, too."""

from indico.core.db import db

from indico_checkin_print.delivery.post import SENTENCES, PostError
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.sql import now


def begin(job, webhook):
    """Note that a POST is about to be made. Return the id of the attempt; the caller commits."""
    attempt = Attempt(job_id=job.id, webhook_id=webhook.id, error=PostError.interrupted, duration=0,
                      # who knows, until there is an answer
                      may_have_arrived=True)
    db.session.add(attempt)
    # by whose turn it is next
    webhook.posted_dt = now()
    db.session.flush()
    return attempt.id


def end(attempt_id, answer, *, delivered):
    """Enter the answer.

    :param answer: The `Answer`.
    :param delivered: Whether the receiver has it.
    """
    # the database's clock, and by its id: the job, and the attempt with it, may have been purged meanwhile
    Attempt.query.filter_by(id=attempt_id).update({
        'dt': now(), 'status': answer.status, 'error': answer.error or '', 'duration': round(answer.seconds * 1000),
        'snippet': answer.snippet, 'may_have_arrived': answer.may_have_arrived and not delivered,
    }, synchronize_session=False)


def in_words(attempt):
    """Return what came of an attempt, or an `Answer`, for people."""
    # the reason why the guard refused a URL is in the history of the job
    return f'HTTP {attempt.status}' if attempt.status is not None else str(SENTENCES[PostError(attempt.error)])
