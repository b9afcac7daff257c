"""How certificates change: the state and its line of history in one statement. Nothing else changes a state."""

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db

from indico_checkin_print.certificates.reasons import CertificateReason
from indico_checkin_print.certificates.states import SEND_TRANSITIONS, TRANSITIONS
from indico_checkin_print.models.certificate_records import CertificateHistory
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState
from indico_checkin_print.sql import now


#: Most characters of what somebody says about a change
MAX_DETAIL = 2000


def create(actor, **values):
    """Enter a certificate that is to be made, unless somebody else has entered it meanwhile. Return how many that are.

    :param values: Its columns.
    """
    new = (insert(Certificate.__table__).values(state=CertificateState.queued, reason=str(CertificateReason.planned),
                                                next_try_dt=now(), **values)
           .on_conflict_do_nothing(index_elements=['type_id', 'subject_key']).returning(Certificate.__table__.c.id))
    ids = db.session.execute(new).scalars().all()
    db.session.add_all(CertificateHistory(certificate_id=id_, state=CertificateState.queued, detail='', actor=actor,
                                          reason=str(CertificateReason.planned)) for id_ in ids)
    db.session.flush()
    return len(ids)


def move(where, to, reason, actor, detail='', **values):
    """Change the state of all certificates that match and may change so; write their history. Return their ids.

    :param to: A `CertificateState`.
    :param values: Other columns that change with it.
    """
    allowed = [state for state, following in TRANSITIONS.items() if to in following]
    values |= {'reason': str(reason), 'detail': detail[:MAX_DETAIL],
               # created later than this long transaction
               'changed_dt': db.func.greatest(Certificate.changed_dt, now())}
    return _move([Certificate.state.in_(allowed), *where], 'state', to, reason, actor, detail, values)


def move_sending(where, to, reason, actor, detail='', **values):
    """Do the same with the states of their e-mails.

    :param to: A `SendState`, or ``None`` for an e-mail that is to be sent once more.
    """
    allowed = [state for state, following in SEND_TRANSITIONS.items() if to in following]
    may = Certificate.send_state.in_([state for state in allowed if state is not None])
    if None in allowed:
        may = db.or_(may, Certificate.send_state.is_(None))
    return _move([may, *where], 'send_state', to, reason, actor, detail, {'send_reason': str(reason), **values})


def fresh(certificate_id):
    """Return a certificate as it is in the database now, whatever this session has read of it before."""
    return Certificate.query.populate_existing().filter_by(id=certificate_id).one()


def _move(where, column, to, reason, actor, detail, values):
    moved = (db.update(Certificate.__table__).where(*where).values(**{column: to}, **values)
             .returning(Certificate.__table__.c.id).cte('moved'))
    new = getattr(CertificateHistory, column)
    history = (db.insert(CertificateHistory.__table__)
               .from_select(['certificate_id', column, 'reason', 'detail', 'actor'],
                            db.select(moved.c.id, db.literal(to, new.type), db.literal(str(reason)),
                                      db.literal(detail[:MAX_DETAIL]), db.literal(actor)))
               .returning(CertificateHistory.__table__.c.certificate_id))
    return db.session.execute(history).scalars().all()
