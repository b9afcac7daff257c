"""Requests for another name on a certificate: its person asks, a manager accepts or refuses. One is open at a time."""

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db

from indico_checkin_print import _
from indico_checkin_print.certificates.reissue import correct, correction_of
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.name_requests import NameRequest
from indico_checkin_print.models.states import RequestState
from indico_checkin_print.sql import now


#: Most characters of what somebody writes besides the name, and of an answer
MAX_NOTE = 500
#: Most requests for one certificate
MAX_REQUESTS = 5


def ask(certificate, full_name, note=''):
    """Enter a request. Return it, or ``None`` if there is an open one already. The caller commits.

    :raises ValueError: if it cannot be asked for, in words for the person.
    """
    full_name = correction_of(full_name)['full_name']
    if full_name == certificate.name:
        raise ValueError(_('This is the name that is on it.'))
    if NameRequest.query.filter_by(certificate_id=certificate.id).count() >= MAX_REQUESTS:
        raise ValueError(_('You have asked several times. Please write to the organizers.'))
    id_ = db.session.execute(
        insert(NameRequest.__table__)
        .values(certificate_id=certificate.id, state=RequestState.open, full_name=full_name, note=note[:MAX_NOTE])
        .on_conflict_do_nothing(index_elements=['certificate_id'], index_where=db.text(f'state = {RequestState.open}'))
        .returning(NameRequest.__table__.c.id)).scalar()
    return NameRequest.query.get(id_) if id_ is not None else None


def accept(request, full_name, actor):
    """Have a certificate made anew with the name that was asked for. Return whether that was done.

    It is not if somebody has answered meanwhile, or if the certificate is being made or is revoked.

    :param full_name: The name as the manager wants it.
    :raises ValueError: if that is none.
    """
    correction = correction_of(full_name)
    if _locked(request) is None or not correct(request.certificate, correction, actor):
        return False
    _answer(request, RequestState.accepted, actor)
    return True


def refuse(request, why, actor):
    """Leave a certificate as it is. Return whether that was done: somebody may have answered meanwhile.

    :param why: In words, for the person.
    """
    if _locked(request) is None:
        return False
    _answer(request, RequestState.refused, actor, why[:MAX_NOTE])
    return True


def latest_of(certificates):
    """Return the latest request for each of some certificates, by their ids."""
    requests = (NameRequest.query.filter(NameRequest.certificate_id.in_([one.id for one in certificates]))
                .order_by(NameRequest.id))
    return {request.certificate_id: request for request in requests}


def open_requests(event, *where):
    """Return the query for the requests of an event that nobody has answered, in order.

    :param where: Conditions for `Certificate`: whom the user may see.
    """
    return (NameRequest.query.join(NameRequest.certificate)
            .filter(Certificate.event_id == event.id, NameRequest.state == RequestState.open, *where)
            .order_by(NameRequest.id))


def _locked(request):
    return (NameRequest.query.filter_by(id=request.id, state=RequestState.open).populate_existing()
            .with_for_update().first())


def _answer(request, state, actor, answer=''):
    request.state, request.answered_by, request.answer, request.answered_dt = state, actor, answer, now()
    db.session.flush()
