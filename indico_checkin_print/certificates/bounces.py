"""Reads a list of e-mails that came back, by their message-ids, and notes it on their certificates."""

import csv
import io

from indico_checkin_print import _
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import M
from indico_checkin_print.certificates.transition import move_sending
from indico_checkin_print.errors import CannotSend
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.sql import now


#: Most bytes of a list
MAX_LIST = 10_000_000
#: What a list may say of an e-mail: that it came back, or that it did not
BOUNCED, OTHERS = {'bounced', 'failed', 'rejected'}, {'delivered', 'sent', 'accepted'}


def read(content):
    """Return the message-ids that came back, with what the list says of each, from a CSV file's bytes.

    :raises CannotSend: if a line cannot be understood; then none counts.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode('utf-8-sig')), strict=True))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise CannotSend(_('That is no CSV file in UTF-8: {error}').format(error=exc)) from exc
    bounced = {}
    for n, row in enumerate(rows, 2):
        message_id, status = ((row.get(name) or '').strip() for name in ('message-id', 'status'))
        if not message_id or status.lower() not in BOUNCED | OTHERS:
            raise CannotSend(_('Line {n}: it needs the columns “message-id” and “status”, and a status among '
                               '{statuses}.').format(n=n, statuses=', '.join(sorted(BOUNCED | OTHERS))))
        if status.lower() in BOUNCED:
            bounced[f'<{message_id.strip("<>")}>'] = status
    return bounced


def enter(event, bounced, actor):
    """Note which e-mails of an event came back. The caller commits. Return how many, and the ids that fit none.

    An older e-mail of a certificate that was sent once more does not count.
    """
    ids, unknown = [], []
    for message_id, status in bounced.items():
        moved = move_sending([Certificate.event_id == event.id, Certificate.message_id == message_id,
                              Certificate.send_state == M.sent], M.failed, R.bounced, actor, status,
                             send_failed_dt=now(), send_error=status)
        ids += moved
        if not moved:
            unknown.append(message_id)
    return len(ids), unknown
