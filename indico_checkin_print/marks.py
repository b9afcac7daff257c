"""Signs of life of the processes that work for the ledger, so that `doctor` can tell who is away.

Asking the processes themselves is not enough: a worker without beat answers, and a relay may run on another machine.
What the database got from them is what the badges depend on.
"""

import socket

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db

from indico_checkin_print.models.marks import Mark
from indico_checkin_print.sql import now


#: Celery's sweep: beat asked for it, and a worker did it
CELERY = 'celery'
#: The nightly purge
PURGE = 'purge'
#: How the marks of relays begin; their machine and port follow
RELAY = 'relay '


def machine():
    """Return how this machine is called in the marks of its relays."""
    return socket.gethostname()


def leave(name, detail=''):
    """Leave a sign of life in the caller's transaction."""
    values = {'name': name, 'dt': now(), 'detail': detail}
    db.session.execute(insert(Mark.__table__).values(values)
                       .on_conflict_do_update(index_elements=['name'], set_=values))
