"""How many certificates a process makes in a second, and how many it could if it only drew and signed them.

Runs inside Indico as ``python -m bench.certificates EVENT``; one line of JSON on standard output has the seconds of
each block. Blocks of both kinds take turns, with few records and with many, so whatever else happens on the machine
hits all alike. The key is read once, as in a worker.
"""

import json
import sys
import time


#: Certificates of one block, and blocks of each kind
BLOCK, BLOCKS, WARM_UP = 20, 5, 5
#: Records of the type in the second half
RECORDS = 10_000


def measure(stack, say):
    """Return the rates on a stack that has a key for certificates. Celery is stopped: it would make them, too."""
    say(f'{BLOCK * BLOCKS} certificates are made with few records, and with {RECORDS}')
    stack.celery.stop()
    output = stack.indico.run(sys.executable, '-m', 'bench.certificates', str(stack.seeded['event']['id']))
    took = json.loads(output.splitlines()[-1])
    few, alone, many, alone_many = (BLOCK * BLOCKS / sum(took[kind]) for kind in ('few', 'alone', 'many',
                                                                                  'alone_many'))
    return {'per_s': round(few, 1), 'ceiling': round(alone, 1), 'ratio': round(few / alone, 2),
            'per_s_10000': round(many, 1), 'ratio_10000': round(many / alone_many, 2),
            'progress_ms_10000': round(took['progress'] * 1000, 1)}


def main():
    from indico.core.db import db
    from indico.modules.events.models.events import Event
    from indico.web.flask.app import make_app
    app = make_app()
    # Indico loads the plugin
    from indico_checkin_print.certificates.generate import progress
    from indico_checkin_print.certificates.plan import plan
    from indico_checkin_print.certificates.presets import ensure_types
    with app.test_request_context():
        type_ = next(one for one in ensure_types(Event.get(int(sys.argv[1]))) if one.name == 'attendee')
        type_.enabled, type_.checked_in_only = True, False
        db.session.commit()
        plan(type_, 'bench')
        maker = _Maker(type_)
        maker.made(WARM_UP)
        maker.alone(WARM_UP)
        took = {'few': [], 'alone': [], 'many': [], 'alone_many': []}
        for kind, alone in (('few', 'alone'), ('many', 'alone_many')):
            if kind == 'many':
                _fill(type_)
            for _block in range(BLOCKS):
                took[kind].append(maker.made(BLOCK))
                took[alone].append(maker.alone(BLOCK))
        began = time.perf_counter()
        progress(type_)
        took['progress'] = time.perf_counter() - began
    print(json.dumps(took))


class _Maker:
    """Makes the next certificates of a type, or draws and signs them only; returns how long that took, in seconds."""

    def __init__(self, type_):
        from indico_checkin_print.models.certificates import Certificate
        self._type = type_
        self._left = [id_ for id_, in Certificate.query.filter_by(type_id=type_.id).order_by(Certificate.id)
                      .with_entities(Certificate.id)]

    def made(self, count):
        from indico_checkin_print.certificates.generate import make_waiting
        from indico_checkin_print.models.certificates import Certificate
        ids = [self._left.pop() for __ in range(count)]
        began = time.perf_counter()
        done, __ = make_waiting('bench', Certificate.id.in_(ids), seconds=600)
        took = time.perf_counter() - began
        assert done == count, f'{done} of {count} were made.'
        return took

    def alone(self, count):
        from indico_checkin_print.badge.context import in_event
        from indico_checkin_print.certificates.context import shown_of
        from indico_checkin_print.certificates.draw import draw
        from indico_checkin_print.certificates.inputs import inputs_of
        from indico_checkin_print.certificates.sign import load_signature
        from indico_checkin_print.certificates.template import template_of
        from indico_checkin_print.models.certificates import Certificate
        ids = [self._left.pop() for __ in range(count)]
        signature, template, took = load_signature(), template_of(self._type), 0
        for certificate in Certificate.query.filter(Certificate.id.in_(ids)).all():
            with in_event(self._type.event, lambda one=certificate: one.locale):
                context, __ = inputs_of(shown_of(certificate), self._type, template, certificate.registration)
                began = time.perf_counter()
                signature.sign(draw(template, context, self._type.event, title='Certificate'))
                took += time.perf_counter() - began
        return took


def _fill(type_):
    """Enter as many certificates as `RECORDS` says, made already and with a history, beside those that there are."""
    from indico.core.db import db
    db.session.execute("""
        WITH new AS (
            INSERT INTO plugin_checkin_print.certificates (
                uuid, serial, event_id, type_id, subject_key, first_name, full_name, email, facts, locale, state,
                reason, detail, created_dt, changed_dt, next_try_dt, attempts, input_hash, made_from, sha256, made_dt,
                issued_dt, revoked_why, send_attempts, send_reason, send_error)
            SELECT gen_random_uuid(), 'BENCH' || n, event_id, id, 'bench:' || n, 'Zoë', 'Zoë Müller',
                   'zoe@people.example', '{}', 'en_GB', 3, 'made', '', now(), now(), now(), 0, md5(n::text),
                   md5(n::text), md5(n::text), now(), now(), '', 0, '', ''
            FROM plugin_checkin_print.certificate_types, generate_series(1, :records) n WHERE id = :type RETURNING id)
        INSERT INTO plugin_checkin_print.certificate_history (certificate_id, state, reason, detail, actor)
        SELECT id, state, 'made', '', 'bench' FROM new, (VALUES (1), (2), (3)) states (state)
    """, {'records': RECORDS, 'type': type_.id})
    db.session.commit()
    for table in ('certificates', 'certificate_history'):
        db.session.execute(f'ANALYZE plugin_checkin_print.{table}')
    db.session.commit()


if __name__ == '__main__':
    main()
