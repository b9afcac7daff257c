"""The least that a badge could take: a warm process renders Indico's own ticket and hands it to CUPS itself.

Runs inside an Indico without the plugin, as ``python -m bench.floor EVENT QUEUE FOLDER``, where FOLDER is the virtual
printer's. For each number on standard input it prints so many tickets, one after the other, and then one line of JSON:
the title of each, and when it began.
"""

import json
import sys
import time
from pathlib import Path

import cups

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.util import generate_ticket
from indico.web.flask.app import make_app


OPTIONS = {'media': 'A4', 'print-scaling': 'none', 'job-sheets': 'none'}
#: The printer has a rest after each ticket, in seconds.
REST = 0.05


def main():
    event_id, queue, folder = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    connection = cups.Connection()
    app = make_app()
    with app.app_context():
        ids = [id_ for id_, in db.session.query(Registration.id).filter_by(event_id=event_id).order_by(Registration.id)]
    for block, line in enumerate(sys.stdin):
        begun = []
        for number, id_ in enumerate(ids[:int(line)]):
            out = _count(folder)
            title = f'floor-{block}-{number}'
            begun.append([title, time.time()])
            # an app context of its own means a database session of its own, as in a worker
            with app.test_request_context():
                document = generate_ticket(Registration.get(id_)).read()
            job = connection.createJob(queue, title, OPTIONS)
            connection.startDocument(queue, job, title, 'application/pdf', 1)
            connection.writeRequestData(document, len(document))
            connection.finishDocument(queue)
            deadline = time.monotonic() + 20
            while _count(folder) == out and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(REST)
        print(json.dumps(begun), flush=True)


def _count(folder):
    return len(list(folder.glob('*.txt')))


if __name__ == '__main__':
    main()
