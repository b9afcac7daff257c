"""Preflight of an event with 2,000 registrations: what is wrong with it is found, and nothing else.

Indico's database, its command line and nothing else: nobody is checked in.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict

from tests.stack.facts import Facts
from tests.stack.folder import run_folder
from tests.stack.indico import ROOT, Indico
from tests.stack.names import people
from tests.stack.postgres import Postgres
from tests.stack.process import StartError, die_with_signals
from tests.stack.redis import Redis
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted


PEOPLE = 2000
#: How many of them the defects bring along
WITH_DEFECTS = 95
DESKS = 4
#: What examining a badge may take at most, in ms, on a quiet machine; the figure is reported, whatever it is
AIM_MS = 40


@scenario('preflight', '2,000 registrations and 20 defects, of each kind: preflight finds these and no others.')
def preflight(people=PEOPLE):
    die_with_signals()
    with run_folder() as folder:
        postgres, redis = Postgres(folder), Redis(folder)
        try:
            postgres.start()
            postgres.create('indico')
            redis.start()
            indico = Indico('indico', folder, database=postgres.uri('indico'), redis=redis)
            return _preflight(indico, postgres, int(people))
        finally:
            redis.stop()
            postgres.stop()


def _preflight(indico, postgres, count):
    seeded, planted = _seed(indico, count)
    event, defects = seeded['event']['id'], {_about(defect): defect['name'] for defect in planted['defects']}
    blocked, = (defect['registration'] for defect in planted['defects'] if defect['kind'] == 'blocked')
    say(f'{planted["people"]} registrations, {len(defects)} defects; preflight')
    first = _examine(indico, event, blocked)
    say(f'{first["seconds"]} s; once more, with nothing changed')
    second = _examine(indico, event, blocked)
    say(f'{second["seconds"]} s; once more, with one name corrected')
    drawn = dict(_drawn(postgres))
    cured, = (defect for defect in planted['defects'] if defect['name'] == 'a name that is too long')
    postgres.sql('indico', f"""UPDATE event_registration.registrations SET last_name = 'Short'
        WHERE id = {cured['registration']}""")
    third = _examine(indico, event, blocked)
    facts, found = Facts(), [_about(_of(seeded, each)) for each in first['findings']]
    missed = [name for about, name in defects.items() if about not in found]
    invented = [each for each in first['findings'] if _about(_of(seeded, each)) not in defects]
    facts.faults += [f'Not found: {name}.' for name in missed]
    facts.faults += [f'Not planted: {each}' for each in invented]
    if len(found) != len(set(found)):
        facts.faults.append('Something was found twice.')
    if (first['people'], first['examined']) != (planted['people'],) * 2:
        facts.faults.append(f'{first["examined"]} of {first["people"]} registrations are examined.')
    if first['ok'] or second['findings'] != first['findings']:
        facts.faults.append('The second time something else was found.')
    anew = [id_ for id_, how in _drawn(postgres) if drawn[id_] != how]
    if anew != [cured['registration']] or len(third['findings']) != len(first['findings']) - 1:
        facts.faults.append(f'After one correction {anew} were drawn anew.')
    return facts, {'people': planted['people'], 'defects': len(defects), 'found': len(defects) - len(missed),
                   'invented': len(invented), 'ms_per_person': round(first['seconds'] * 1000 / planted['people'], 1),
                   'ms_per_badge': first['ms_per_badge'], 'load': round(os.getloadavg()[0], 1),
                    'aim_ms': AIM_MS,
                   'seconds': first['seconds'],
                   'unchanged_seconds': second['seconds'], 'one_changed_seconds': third['seconds']}


def _seed(indico, count):
    """Make the event and put the defects into it. Return what both printed."""
    desks = [{'name': f'Desk {number}', 'printers': [[f'laptop{number}', f'desk{number}']]}
             for number in range(1, DESKS + 1)]
    began = time.monotonic()
    seeded = _json(indico.run(sys.executable, '-m', 'tests.stack.seed', stdin=json.dumps(
        asdict(Wanted(people=_people(count - WITH_DEFECTS))) | {'desks': desks})))
    wanted = {'event': seeded['event']['id'], 'forms': [form['id'] for form in seeded['forms']]}
    planted = _json(indico.run(sys.executable, '-m', 'tests.stack.defects', stdin=json.dumps(wanted)))
    say(f'tables, people and defects ({time.monotonic() - began:.0f} s)')
    return seeded, planted


def _people(count):
    """Return the people without a defect: there are fewer names than that, so some have children."""
    names = people(min(count, 1440))
    return [*names, *((first, f'{last} Jr.', *more) for first, last, *more in names[:count - len(names)])]


def _json(output):
    return json.loads(output.splitlines()[-1])


def _examine(indico, event, blocked):
    """Run preflight as an administrator does; return what it says."""
    done = subprocess.run([sys.executable, '-m', 'tests.stack.blocked_tickets', str(blocked), 'checkin-print',
                           'preflight', str(event), '--json'], env=os.environ | indico.env, cwd=ROOT,
                          capture_output=True, text=True, check=False)
    # 1: it found what keeps badges from coming out
    if done.returncode != 1:
        raise StartError(f'preflight ended with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}')
    return _json(done.stdout)


def _about(defect):
    """Return what a defect or a finding is about."""
    return defect['kind'], *(defect.get(key) for key in ('registration', 'template', 'desk'))


def _of(seeded, finding):
    """Return a finding as a defect is described: a printer is known by the name of its desk."""
    item = finding['items'][0]
    return finding | {'desk': item if item in seeded['desks'] else None}


def _drawn(postgres):
    """Return the registrations, and what their badges were drawn from."""
    rows = postgres.sql('indico', """SELECT registration_id, drawn_from FROM plugin_checkin_print.examined
        ORDER BY registration_id""")
    return [(int(id_), drawn_from) for id_, drawn_from in (row.split('\t') for row in rows)]
