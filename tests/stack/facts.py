"""What really happened: who was checked in, and what the printers received. The ledger is not asked.

When a check-in was committed is read from PostgreSQL (``track_commit_timestamp``); which badge came out where is read
from the files that the printers received.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field

from tests.stack.papers import names_in, read
from tests.stack.process import poll, wait_until
from tests.stack.states import JobState


A4 = (210, 297)


@dataclass
class Facts:
    """The account of a run. `faults` has a sentence for everything that is not as it should be."""

    checked_in: int = 0
    #: People whose right badge came out at the right desk
    printed: int = 0
    #: Badges that came out once more than asked for
    duplicates: int = 0
    #: People without any badge
    lost: int = 0
    unknown: int = 0
    #: From the commit of each check-in to its printer's first byte, in ms
    ms: list[float] = field(default_factory=list)
    #: registration id -> `Paper`
    papers: dict = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def as_dict(self, name):
        """Return what every scenario's JSON begins with."""
        return {'scenario': name, 'checked_in': self.checked_in, 'printed': self.printed,
                'duplicates': self.duplicates, 'lost': self.lost, 'unknown': self.unknown,
                'ms': {'p50': percentile(self.ms, 50), 'p95': percentile(self.ms, 95)}}


def percentile(values, percent):
    """Return a percentile (nearest rank), with one decimal, or ``None`` of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, max(0, -(-percent * len(ordered) // 100) - 1))], 1)


def commit_times(stack):
    """Return when the present check-in of each registration was committed: id -> seconds since 1970."""
    rows = stack.postgres.sql('indico', """
        SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))
        FROM event_registration.registrations WHERE checked_in""")
    return {int(id_): float(when) for id_, when in (row.split('\t') for row in rows)}


def desk_of(stack, person):
    """Return the name of the printer at the desk where a person's badge shall come out."""
    desk = stack.seeded['desk_of_form'][str(person['form_id'])]
    return desk.lower().replace(' ', '')


def wait_for_badges(stack, count, timeout=60, *, extra=1.0):
    """Wait until `count` papers are out, and `extra` seconds for those that should not come."""
    wait_until(lambda: len(stack.papers()) >= count, timeout, interval=0.05)
    time.sleep(extra)


def any_badge_within(stack, seconds, *, besides=0):
    """Wait for badges that should not come; return whether more came out than `besides`."""
    return poll(lambda: len(stack.papers()) > besides, seconds, interval=0.05)


def judge(stack, people, *, not_printed=(), copies=None, other_titles=None, anywhere=False, desks=None,
          pages=None):
    """Compare what came out with who was checked in.

    :param people: Those whose badge should be out.
    :param not_printed: Those who were checked in too, but whose badge should not be out.
    :param copies: registration id -> number of badges, of those who should have another number than one.
    :param anywhere: Whether a badge may come out at another desk's printer as well.
    :param desks: registration id -> name of the printer at the desk, where it is not that of the person's form.
    :param pages: registration id -> number of pages, of those whose badge has another number than one.
    :param other_titles: How the titles of papers begin that have nothing to do with it.
    """
    facts = Facts(checked_in=len(people))
    expected = {person['id']: person for person in people}
    size = A4 if stack.wanted.kind == 'ticket' else (stack.seeded['template']['width_mm'],
                                                     stack.seeded['template']['height_mm'])
    by_person = defaultdict(list)
    for paper in sorted(stack.papers(), key=lambda paper: paper.first_byte):
        if other_titles and paper.title.startswith(other_titles):
            continue
        content = read(paper.path)
        persons = names_in(content.text, stack.seeded['registrations'])
        if len(persons) != 1:
            facts.faults.append(f'{paper.path.name} at {paper.printer} bears the names of {len(persons)} people.')
            continue
        person = persons[0]
        if person['id'] not in expected:
            facts.faults.append(f'A badge of registration {person["id"]} came out, who should have none.')
            continue
        by_person[person['id']].append(paper)
        desk = (desks or {}).get(person['id']) or desk_of(stack, person)
        if paper.printer != desk and not anywhere:
            facts.faults.append(f'The badge of registration {person["id"]} came out at {paper.printer} instead of '
                                f'{desk}.')
        elif len(content.pages) != (pages or {}).get(person['id'], 1) or not content.has_size(*size):
            facts.faults.append(f'The badge of registration {person["id"]} has pages of {content.pages} mm instead '
                                f'of one of {size} mm.')
        elif len(by_person[person['id']]) == 1:
            facts.printed += 1
    committed = commit_times(stack)
    for id_ in expected:
        papers = by_person[id_]
        facts.duplicates += max(0, len(papers) - (copies or {}).get(id_, 1))
        if not papers:
            facts.lost += 1
            continue
        facts.papers[id_] = papers[0]
        if papers[0].first_byte > committed[id_]:
            # otherwise it came out before the present check-in
            facts.ms.append((papers[0].first_byte - committed[id_]) * 1000)
    facts.unknown = int(stack.postgres.sql('indico', f'SELECT count(*) FROM plugin_checkin_print.jobs '
                                                     f'WHERE state = {JobState.unknown}')[0])
    for fault in ('duplicates', 'lost', 'unknown'):
        if count := getattr(facts, fault):
            facts.faults.append(f'{count} badges are {fault}.')
    if facts.printed != facts.checked_in:
        facts.faults.append(f'{facts.printed} of {facts.checked_in} badges came out right.')
    for person in not_printed:
        if person['id'] not in committed:
            facts.faults.append(f'Registration {person["id"]} was not checked in.')
    return facts
