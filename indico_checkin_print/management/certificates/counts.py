"""How many certificates of each type are in which state, of those that the user may see."""

from dataclasses import dataclass

from indico.core.db import db

from indico_checkin_print.certificates import runs
from indico_checkin_print.certificates.generate import progress
from indico_checkin_print.certificates.states import C, M
from indico_checkin_print.management.visibility import visible_certificates
from indico_checkin_print.models.certificates import Certificate


@dataclass
class Counts:
    """The numbers of one type, or of several together."""

    ready: int = 0
    waiting: int = 0
    failed: int = 0
    revoked: int = 0
    #: Of those that are ready
    published: int = 0
    #: Of those that are published
    sent: int = 0
    not_sent: int = 0
    sending: int = 0
    send_failed: int = 0
    #: While some wait: of the last minute, and at this speed, in seconds
    made_per_minute: float = 0
    seconds_left: float | None = None
    #: The same for e-mails, while a run is open; why it stands still
    is_sending: bool = False
    sent_per_minute: float = 0
    sending_seconds_left: float | None = None
    sending_error: str = ''

    @property
    def total(self):
        """All but those that were cancelled."""
        return self.ready + self.waiting + self.failed + self.revoked

    @property
    def unpublished(self):
        """Those that are ready and not published."""
        return self.ready - self.published

    def __add__(self, other):
        return Counts(*(getattr(self, name) + getattr(other, name) for name in (
            'ready', 'waiting', 'failed', 'revoked', 'published', 'sent', 'not_sent', 'sending', 'send_failed')))


def counts_of(event, types):
    """Return the `Counts` by the ids of some types."""
    conditions = visible_certificates(event)
    is_published = Certificate.published_dt.isnot(None)
    rows = (db.session.query(Certificate.type_id, Certificate.state, is_published, Certificate.send_state,
                             db.func.count())
            .filter(Certificate.event_id == event.id, Certificate.state != C.canceled, *conditions)
            .group_by(Certificate.type_id, Certificate.state, is_published, Certificate.send_state))
    found = {type_.id: Counts() for type_ in types}
    for type_id, state, published, send_state, count in rows:
        if type_id in found:
            _add(found[type_id], state, published, send_state, count)
    for type_ in types:
        if found[type_.id].waiting:
            now = progress(type_, *conditions)
            found[type_.id].made_per_minute, found[type_.id].seconds_left = now.made_per_minute, now.seconds_left
    # nobody who sees only some people sees how fast those of all others are
    for type_ in types if not conditions else ():
        run = runs.progress(type_)
        if run.is_open:
            counts = found[type_.id]
            counts.is_sending, counts.sending_error = True, run.error
            counts.sent_per_minute, counts.sending_seconds_left = run.sent_per_minute, run.seconds_left
    return found


def _add(counts, state, published, send_state, count):
    if state in {C.queued, C.making}:
        counts.waiting += count
    elif state == C.failed:
        counts.failed += count
    elif state == C.revoked:
        counts.revoked += count
    else:
        counts.ready += count
        if published:
            counts.published += count
            name = {None: 'not_sent', M.sending: 'sending', M.sent: 'sent', M.failed: 'send_failed'}[send_state]
            setattr(counts, name, getattr(counts, name) + count)
