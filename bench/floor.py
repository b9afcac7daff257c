"""The least that a badge could take: a warm process renders Indico's own ticket and hands it to CUPS itself.

Runs inside an Indico without the plugin, as ``python -m bench.floor EVENT QUEUE FOLDER COUNT``, where FOLDER is the
virtual printer's. Prints when it began with each badge, and the title it had, as one line of JSON.
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


WARM_UP = 5
OPTIONS = {'media': 'A4', 'print-scaling': 'none', 'job-sheets': 'none'}


def main():
    event_id, queue, folder, count = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    connection = cups.Connection()
    begun = []
    app = make_app()
    with app.app_context():
        ids = [id_ for id_, in db.session.query(Registration.id).filter_by(event_id=event_id).order_by(Registration.id)]
    for number, id_ in enumerate(ids[:WARM_UP + count]):
        out = len(list(folder.glob('*.txt')))
        title = f'floor-{number}'
        started = time.time()
        # an app context of its own means a database session of its own, as in a worker
        with app.test_request_context():
            document = generate_ticket(Registration.get(id_)).read()
        job = connection.createJob(queue, title, OPTIONS)
        connection.startDocument(queue, job, title, 'application/pdf', 1)
        connection.writeRequestData(document, len(document))
        connection.finishDocument(queue)
        if number >= WARM_UP:
            begun.append([title, started])
        deadline = time.monotonic() + 20
        while len(list(folder.glob('*.txt'))) == out and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
    print(json.dumps(begun))


if __name__ == '__main__':
    main()
