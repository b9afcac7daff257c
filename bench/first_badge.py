"""How long the first badge of a process takes, which has loaded what workers and the relay load when they start.

Runs inside Indico as ``python -m bench.first_badge EVENT``. One line of JSON on standard output has how long each badge
of the process took, in ms, with all that is read for it from the database.
"""

import json
import sys
import time

from tests.stack.facts import percentile


BADGES, PROCESSES = 10, 5


def measure(stack, say):
    """Return the median of the first badges of some processes, and that of all later ones, in ms."""
    say(f'the first badges of {PROCESSES} processes are drawn')
    command = sys.executable, '-m', 'bench.first_badge', str(stack.seeded['event']['id'])
    took = [json.loads(stack.indico.run(*command).splitlines()[-1]) for __ in range(PROCESSES)]
    return {'first': percentile([ms[0] for ms in took], 50), 'warm': percentile([x for ms in took for x in ms[1:]], 50)}


def main():
    from indico.core.db import db
    from indico.modules.events.registration.models.registrations import Registration
    from indico.web.flask.app import make_app
    took = []
    app = make_app()
    # Indico loads the plugin
    from indico_checkin_print.badge.render import render
    from indico_checkin_print.badge.warm_up import warm_up
    with app.app_context():
        warm_up()
        # a worker has connected long before its first badge, and claims it before it draws it
        ids = [id_ for id_, in db.session.query(Registration.id).filter_by(event_id=int(sys.argv[1]))
               .order_by(Registration.id).limit(BADGES)]
        db.session.commit()
        for id_ in ids:
            started = time.perf_counter()
            registration = Registration.query.filter_by(id=id_).one()
            render(registration, registration.registration_form.checkin_print_setup)
            took.append((time.perf_counter() - started) * 1000)
            db.session.commit()
    print(json.dumps(took))


if __name__ == '__main__':
    main()
