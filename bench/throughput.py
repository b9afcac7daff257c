"""How many badges a second come out of four printers, beside what CUPS alone does with the same PDFs.

The badges are made before check-in, and people are checked in while no agent is connected. Then the agents come; the
time runs from the first byte of the first badge to that of the last one. For the ceiling the same documents are handed
to the same CUPS by ``ceiling.py``. ``python -m bench.throughput`` measures this alone.
"""

import base64
import json
import os
import subprocess

from bench import prepared
from tests.stack.checkin import CheckIn
from tests.stack.facts import desk_of, judge, wait_for_badges
from tests.stack.folder import subfolder
from tests.stack.indico import ROOT
from tests.stack.process import StartError, wait_until
from tests.stack.say import say
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import Wanted, running
from tests.stack.states import JobState


DESKS, BADGES, WARM_UP = 4, 200, 20
READY = f'SELECT count(*) FROM plugin_checkin_print.jobs WHERE state = {JobState.ready}'
DOCUMENTS = """
    SELECT registration_id, replace(encode(content, 'base64'), E'\\n', '') FROM plugin_checkin_print.documents
    WHERE id IN (SELECT document_id FROM plugin_checkin_print.prepared)
"""


def measure():
    """Return how many badges a second came out, and how many CUPS alone prints."""
    with running(Wanted(desks=DESKS, registrations=2 * (BADGES + WARM_UP)), say=say) as stack:
        people = evenly(stack, WARM_UP + BADGES)
        first, people = people[:WARM_UP], people[WARM_UP:]
        prepared.make(stack, people, say)
        check_in = CheckIn(stack)
        check_in.every(first, 0.2)
        wait_for_badges(stack, WARM_UP)
        for agent in stack.agents.values():
            agent.stop()
        say(f'{BADGES} check-ins while no agent is connected')
        check_in.every(people, 0)
        if not wait_until(lambda: int(stack.postgres.sql('indico', READY)[0]) == BADGES, 30, interval=0.5):
            raise StartError('The badges are not ready.')
        say('the agents connect')
        for agent in stack.agents.values():
            agent.service.spawn()
        wait_for_badges(stack, WARM_UP + BADGES, timeout=180)
        facts = judge(stack, [*first, *people])
        if facts.faults:
            raise StartError('\n'.join(facts.faults))
        ours = rate([facts.papers[person['id']] for person in people])
        say('the same badges by CUPS alone')
        before = {paper.path for paper in stack.papers()}
        by_cups_alone(stack, people)
        ceiling = rate([paper for paper in stack.papers() if paper.path not in before])
    return {'badges': ours, 'ceiling': ceiling, 'ratio': round(ours / ceiling, 2)}


def rate(papers):
    """Return how many of some papers came out in a second, from the first one to the last."""
    times = [paper.first_byte for paper in papers]
    return round((len(times) - 1) / (max(times) - min(times)), 1)


def by_cups_alone(stack, people):
    """Print the badges of some people once more, without an agent."""
    documents = dict(row.split('\t') for row in stack.postgres.sql('indico', DOCUMENTS))
    queues = {}
    for person in people:
        queue = desk_of(stack, person)
        folder = queues.setdefault(queue, subfolder(stack.folder, f'ceiling-{queue}'))
        (folder / f'{person["id"]}.pdf').write_bytes(base64.b64decode(documents[str(person['id'])]))
    out = len(stack.papers())
    template = stack.seeded['template']
    subprocess.run([ROOT / '.venv' / 'agent' / 'bin' / 'python', '-m', 'bench.ceiling',
                    f'Custom.{template["width_mm"]:g}x{template["height_mm"]:g}mm',
                    *(f'{queue}={folder}' for queue, folder in queues.items())],
                   cwd=ROOT, check=True, env={**os.environ, **stack.printing.env})
    wait_for_badges(stack, out + len(people), timeout=180)


if __name__ == '__main__':
    print(json.dumps(measure()))
