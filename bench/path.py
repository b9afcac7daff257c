"""How long a badge is on its way, stage by stage, at five check-ins a second."""

from collections import defaultdict
from itertools import pairwise

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, percentile, wait_for_badges
from tests.stack.process import StartError
from tests.stack.scenarios.ways import evenly
from tests.stack.states import JobState


#: The badges come in blocks, so that what else happens on the machine hits them and the floor alike.
BLOCKS = 4
BLOCK = 30
CHECK_IN_INTERVAL = 0.2  # seconds
WARM_UP = 20
#: The stages, in order: from the end of the one before until this moment.
STAGES = {
    'wake': 'committed until a worker has claimed the job',
    'render': 'until the PDF is stored',
    'push': 'until the agent has it',
    'spool': "until it is in the agent's spool",
    'submit': 'until CUPS has it',
    'cups': 'until its first byte is at the printer',
}
#: Those of a badge that was made before check-in
PREPARED_STAGES = {'push': 'committed until the agent has it', **{stage: STAGES[stage] for stage in list(STAGES)[3:]}}


def people(stack):
    """Return whom a `Path` checks in, and as many others for another one."""
    count = WARM_UP + BLOCKS * BLOCK
    both = evenly(stack, 2 * count)
    return both[:count], both[count:]


class Path:
    """Blocks of check-ins, judged together.

    :param people: Who is checked in.
    :param prepared: Whether their badges were made before.
    """

    def __init__(self, stack, people, say, *, prepared=False):
        self._stack = stack
        self._say = say
        self._check_in = CheckIn(stack)
        self._people = people
        self._prepared = prepared
        self.printed = []
        self.run(WARM_UP)

    def run(self, count=BLOCK):
        """Check the next people in and wait for their badges."""
        people = self._people[len(self.printed):][:count]
        before = len(self._stack.papers())
        self._say(f'{count} check-ins, five a second{", of badges that are made" if self._prepared else ""}')
        self._check_in.every(people, CHECK_IN_INTERVAL)
        self.printed += people
        wait_for_badges(self._stack, before + count)

    def result(self, facts):
        """Return percentiles of the whole way and of its stages, in ms.

        :param facts: The `Facts` of all who were checked in.
        """
        counted = {person['id'] for person in self.printed[WARM_UP:]}
        names = PREPARED_STAGES if self._prepared else STAGES
        stages = defaultdict(list)
        whole = []
        for registration, moments in _moments(self._stack, facts).items():
            if registration in counted:
                whole.append((moments[-1] - moments[0]) * 1000)
                if len(moments) != len(names) + 1:
                    raise StartError(f'The badge of registration {registration} went another way.')
                for stage, (before, after) in zip(names, pairwise(moments), strict=True):
                    stages[stage].append((after - before) * 1000)
        return {'p50': percentile(whole, 50), 'p95': percentile(whole, 95),
                'stages': {stage: {'p50': percentile(stages[stage], 50), 'p95': percentile(stages[stage], 95)}
                           for stage in names}}


def judge_all(stack, *ways):
    """Return the `Facts` of all that came out on some `Path`s."""
    facts = judge(stack, [person for way in ways for person in way.printed], other_titles='floor-')
    if facts.faults:
        raise StartError('\n'.join(facts.faults))
    return facts


def _moments(stack, facts):
    """Return the moments between the stages for each badge: registration id -> seconds since 1970, in order.

    That of a badge which no worker drew begins with its commit and when the agent had it.
    """
    jobs = {}
    for row in stack.postgres.sql('indico', f"""
            SELECT j.registration_id, j.uuid, extract(epoch FROM pg_xact_commit_timestamp(r.xmin)),
                   min(extract(epoch FROM h.dt AT TIME ZONE 'UTC')) FILTER (WHERE h.state = {JobState.rendering}),
                   min(extract(epoch FROM h.dt AT TIME ZONE 'UTC')) FILTER (WHERE h.state = {JobState.ready})
            FROM plugin_checkin_print.jobs j
            JOIN event_registration.registrations r ON r.id = j.registration_id
            JOIN plugin_checkin_print.job_history h ON h.job_id = j.id
            GROUP BY 1, 2, 3"""):
        registration, uuid, *times = row.split('\t')
        committed, rendering, ready = times
        drawn = [float(rendering), float(ready)] if rendering else []
        jobs[uuid] = (int(registration), [float(committed), *drawn])
    steps = defaultdict(dict)
    for agent in stack.agents.values():
        for line in agent.steps():
            steps[line['job']].setdefault(line['step'], line['t'])
    return {registration: [*times, *(steps[uuid][step] for step in ('received', 'spooled', 'submitted')),
                           facts.papers[registration].first_byte]
            for uuid, (registration, times) in jobs.items() if registration in facts.papers}
