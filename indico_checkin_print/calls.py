"""*Call the tech*: a desk calls, somebody answers that they are on their way, and it is done."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from indico.core.db import db

from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.calls import TechCall
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.sql import notify, notify_boards, now


def open_calls(event_id):
    """Return the open `TechCall` of all desks of an event, the one that has waited longest first."""
    return (TechCall.query.join(Desk, Desk.id == TechCall.desk_id)
            .filter(Desk.event_id == event_id, ~Desk.is_deleted)
            .options(joinedload('desk'), joinedload('user'))
            .order_by(TechCall.called_dt, TechCall.desk_id)
            .all())


def call(desk, user, kiosk=''):
    """Call the tech to a desk. Return whether nobody had called before.

    :param user: Who calls; ``None`` for somebody at a kiosk.
    :param kiosk: The name of that kiosk.
    """
    called = db.session.execute(insert(TechCall.__table__)
                                .values(desk_id=desk.id, user_id=user.id if user else None, called_by=kiosk,
                                        called_dt=now())
                                .on_conflict_do_nothing()
                                .returning(TechCall.__table__.c.desk_id)).scalar() is not None
    return _notify(desk, called)


def answer(desk, name):
    """Note that somebody is on their way to a desk. Return whether the call was open and not answered yet.

    :param name: Who, as the board shows it.
    """
    return _notify(desk, bool(db.session.execute(
        db.update(TechCall.__table__)
        .where(TechCall.desk_id == desk.id, TechCall.answered_dt.is_(None))
        .values(answered_dt=now(), answered_by=name[:200])).rowcount))


def end(desk):
    """End the call of a desk. Return whether there was one."""
    return _notify(desk, bool(db.session.execute(
        db.delete(TechCall.__table__).where(TechCall.desk_id == desk.id)).rowcount))


def _notify(desk, changed):
    if changed:
        db.session.expire_all()
        notify_boards([desk.id])
        # all laptops of the event: the tech may stand at any of them
        notify(db.func.concat('calls ', Agent.id), Agent.event_id == desk.event_id, Agent.token_hash.isnot(None),
               Agent.revoked_dt.is_(None))
    return changed
