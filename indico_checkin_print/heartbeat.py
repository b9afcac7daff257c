"""Heartbeats of the processes that work for the ledger, so that `doctor` can say which is away.

Asking the processes themselves is not enough: a worker without beat answers, and a relay may run on another machine.
What the database got from them is what the badges depend on.
"""

import socket

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db

from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.sql import now


#: Celery's sweep: beat asked for it, and a worker did it
CELERY = 'celery'
#: The nightly purge
PURGE = 'purge'
#: How the heartbeats of relays begin; their machine and port follow
RELAY = 'relay '
#: How those of relays that make POSTs begin; apart, because this one is deleted when the relay stops
POSTS = 'posts '
#: How the names of processes that draw badges begin; their machine follows, and ``detail`` is their
#: `badge.drawing_version`. Those of stopped processes stay until another one is there
DRAWS = 'draws '
#: The Celery worker whose turn it is to make POSTs; ``detail`` says which one
TURN = 'turn to post'
#: How often a relay says that it makes POSTs, in seconds, and after how many seconds without it Celery takes over.
POSTS_INTERVAL, POSTS_TIMEOUT = 2, 6
#: A relay that was not heard of for so many seconds is away.
RELAY_TIMEOUT = 20
#: The chain of Celery tasks that draws badges ahead
PREPARES = 'turn to prepare'
#: The chain of Celery tasks that makes certificates
CERTIFICATES = 'turn to make certificates'
#: A process that draws badges is forgotten after so many seconds if another one is there.
DRAWS_TIMEOUT = 300
#: A worker that has not renewed its turn for so many seconds is dead.
TURN_TIMEOUT = 15


def machine():
    """Return how this machine is called in the heartbeats of its relays."""
    return socket.gethostname()


def beat(name, detail=''):
    """Note that a process is alive, in the caller's transaction."""
    values = {'name': name, 'dt': now(), 'detail': detail}
    db.session.execute(insert(Heartbeat.__table__).values(values)
                       .on_conflict_do_update(index_elements=['name'], set_=values))


def forget(name, **about):
    """Delete a heartbeat in the caller's transaction, if it is still as the caller left it."""
    Heartbeat.query.filter_by(name=name, **about).delete()


def draws(process, version):
    """Note that a process draws badges, and forget those that did and are gone.

    :param version: The `badge.drawing_version` of the process.
    """
    beat(f'{DRAWS}{machine()} {process}', version)
    gone = Heartbeat.query.filter(Heartbeat.name.startswith(DRAWS), Heartbeat.dt < now(-DRAWS_TIMEOUT))
    gone.delete(synchronize_session=False)


def relay_runs():
    """Return whether a relay was heard of lately."""
    fresh = Heartbeat.query.filter(Heartbeat.name.startswith(RELAY), Heartbeat.dt > now(-RELAY_TIMEOUT))
    return db.session.query(fresh.exists()).scalar()


def relay_posts():
    """Return whether a relay makes the POSTs to webhooks."""
    fresh = Heartbeat.query.filter(Heartbeat.name.startswith(POSTS), Heartbeat.dt > now(-POSTS_TIMEOUT))
    return db.session.query(fresh.exists()).scalar()


def is_taken(name):
    """Return whether some process has what one process at a time has."""
    return db.session.query(Heartbeat.query.filter(Heartbeat.name == name, Heartbeat.dt > now(-TURN_TIMEOUT))
                            .exists()).scalar()


def take_turn(holder):
    """Take or keep the turn to make POSTs in Celery, where no relay makes them: one worker at a time has it.

    :param holder: Who asks, uniquely on all machines.
    :return: Whether the caller has it. It ends after :data:`TURN_TIMEOUT` seconds, or by `forget`.
    """
    return not relay_posts() and take(TURN, holder)


def take(name, holder):
    """Take or keep what one process at a time has. Return whether the caller has it.

    It ends after :data:`TURN_TIMEOUT` seconds, or by `forget`.
    """
    values = {'name': name, 'dt': now(), 'detail': holder}
    return db.session.execute(
        insert(Heartbeat.__table__).values(values)
        .on_conflict_do_update(index_elements=['name'], set_=values,
                               where=db.or_(Heartbeat.detail == holder, Heartbeat.dt < now(-TURN_TIMEOUT)))
        .returning(Heartbeat.__table__.c.name)).scalar() is not None
