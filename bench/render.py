"""How long a worker takes to draw a badge, by what is on it.

Runs inside Indico as ``python -m bench.render EVENT``; one line of JSON on standard output has the times in ms of each
kind. The kinds take turns, so whatever else happens on the machine hits all alike. Nothing is stored.
"""

import json
import sys
import time

from tests.stack.facts import percentile


#: Given name, family name
KINDS = {'plain': ('Zoë', 'Müller'), 'arabic': ('محمد', 'الأنصاري'), 'chinese': ('丽华', '陈')}
BADGES, WARM_UP = 100, 5


def measure(stack, say):
    """Return the percentiles of each kind on a running stack."""
    say(f'{BADGES} badges of each kind are drawn')
    output = stack.indico.run(sys.executable, '-m', 'bench.render', str(stack.seeded['event']['id']))
    took = json.loads(output.splitlines()[-1])
    return {kind: {'p50': percentile(ms, 50), 'p95': percentile(ms, 95)} for kind, ms in took.items()}


def main():
    from indico.core.db import db
    from indico.modules.events.registration.models.registrations import Registration
    from indico.web.flask.app import make_app

    from indico_checkin_print.badge.render import render
    took = {kind: [] for kind in KINDS}
    app = make_app()
    with app.app_context():
        for number in range(WARM_UP + BADGES):
            for kind, names in KINDS.items():
                # read anew, as a worker does
                registration = Registration.query.filter_by(event_id=int(sys.argv[1])).order_by(Registration.id).first()
                registration.first_name, registration.last_name = names
                db.session.flush()
                started = time.perf_counter()
                render(registration, registration.registration_form.checkin_print_setup)
                if number >= WARM_UP:
                    took[kind].append((time.perf_counter() - started) * 1000)
                db.session.rollback()
    print(json.dumps(took))


if __name__ == '__main__':
    main()
