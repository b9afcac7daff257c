"""Pictures of every kind through the whole chain: right on paper or refused in words, and nobody else notices."""

import json
import subprocess
import sys
from io import BytesIO

from PIL import Image

from tests.fakes import pictures
from tests.stack import proc
from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.picture_forms import PICTURE
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.holds import release
from tests.stack.scenarios.ways import CHECK_IN_INTERVAL, evenly
from tests.stack.stack import Wanted, running
from tests.stack.states import JobState


ORDINARY = 40
#: How much a channel of a colour may differ on paper; CMYK without a profile is duller
TOLERANCE, TOLERANCE_CMYK = 14, 28
#: The most memory that a process which draws badges may ever have had, in bytes
MAX_MEMORY = 1024 ** 3
#: The longest that drawing one badge may take, in seconds, on a busy machine
MAX_DRAWING = 20
#: The largest pictures that are taken: their sides in pixels
LARGEST = 7200
DPI = 100


@scenario('hostile-pictures', 'Pictures of 57 kinds on badges: right colours or a reason, and all others print.')
def hostile_pictures():
    with running(Wanted(desks=2), say=say) as stack:
        kinds = dict(_kinds(stack.folder))
        say(f'{len(kinds)} forms with a picture each are made')
        people = _made(stack, kinds)
        ordinary = evenly(stack, ORDINARY)
        printing = [people[name] for name, kind in kinds.items() if kind.prints]
        say(f'{len(people)} people with pictures and {ORDINARY} others are checked in')
        CheckIn(stack).every(_mixed(ordinary, list(people.values())), CHECK_IN_INTERVAL)
        wait_for_badges(stack, ORDINARY + len(printing), timeout=240)
        wait_until(lambda: not _unfinished(stack), 120)
        lost = _release(stack, people, kinds)
        wait_for_badges(stack, ORDINARY + len(printing) + len(lost), timeout=60)
        facts = judge(stack, [*ordinary, *printing, *lost], not_printed=[
            people[name] for name, kind in kinds.items() if not kind.prints and kind.where != 'person'])
        wrong, compared = _colours(facts, people, kinds)
        silent = _silent(stack, people, kinds)
        facts.faults += _uploads(stack)
        slowest, memory = _slowest(stack), _peak_memory(stack)
        facts.faults += [f'The colours of {name} are {colours}.' for name, colours in wrong.items()]
        facts.faults += [f'{name}: {words}' for name, words in silent.items()]
        if memory > MAX_MEMORY:
            facts.faults.append(f'A process had {memory >> 20} MiB.')
        if slowest > MAX_DRAWING:
            facts.faults.append(f'A badge took {slowest:.1f} s to draw.')
        return facts, {'kinds': len(kinds), 'compared': compared, 'wrong_colours': len(wrong),
                       'refused': sum(not kind.prints for kind in kinds.values()), 'not_named': len(silent),
                       'others_failed': _failed(stack, ordinary), 'slowest_drawing_s': round(slowest, 1),
                       'peak_memory_mib': memory >> 20}


class Kind:
    """One picture, where it stands, and what must become of it."""

    def __init__(self, where, path, *, colours=None, tolerance=TOLERANCE, fault=''):
        self.where, self.path, self.colours, self.tolerance, self.fault = where, path, colours, tolerance, fault

    @property
    def prints(self):
        return not self.fault


def _kinds(folder):
    """Yield (name, `Kind`) of each picture, and write its file."""
    greys = [(grey,) * 3 for grey in pictures.GREYS]
    for name, content in pictures.in_colour().items():
        tolerance = TOLERANCE_CMYK if name in {'cmyk-jpeg', 'profile-of-other-colours'} else TOLERANCE
        yield name, Kind('background', _file(folder, name, content), colours=pictures.COLOURS, tolerance=tolerance)
    for name, content in pictures.in_grey().items():
        yield name, Kind('background', _file(folder, name, content), colours=greys)
    for name in ('transparent', 'transparent-palette', 'palette'):
        yield f'{name}-item', Kind('item', folder / f'{name}.picture', colours=pictures.COLOURS)
    for name in ('turned-6', 'cmyk-jpeg', 'png'):
        tolerance = TOLERANCE_CMYK if name == 'cmyk-jpeg' else TOLERANCE
        yield f'{name}-of-a-person', Kind('person', folder / f'{name}.picture', colours=pictures.COLOURS,
                                          tolerance=tolerance)
    large = pictures.drawn('RGBA', (LARGEST, LARGEST))
    yield 'largest-png', Kind('background', _file(folder, 'largest', pictures.saved(large, 'PNG', compress_level=1)),
                              colours=pictures.COLOURS)
    yield 'photo-20-megapixels', Kind('background', _file(folder, 'photo', pictures.photo(5184, 3888, 'PNG',
                                                                                          compress_level=1)))
    for name, (fault, content) in pictures.hostile().items():
        yield name, Kind('background', _file(folder, name, content), fault=fault)
    for name in ('cut-off-png', 'bomb', 'text'):
        yield f'{name}-item', Kind('item', folder / f'{name}.picture', fault=pictures.hostile()[name][0])
    for name in ('cut-off-jpeg', 'bomb', 'layers', 'pdf'):
        yield f'{name}-of-a-person', Kind('person', folder / f'{name}.picture', fault=pictures.hostile()[name][0])


def _file(folder, name, content):
    path = folder / f'{name}.picture'
    path.write_bytes(content)
    return path


def _made(stack, kinds):
    """Register somebody with each picture. Return them by its name."""
    wanted = {'event': stack.seeded['event']['id'], 'desk': stack.seeded['desks']['Desk 1'],
              'pictures': [(name, kind.where, str(kind.path)) for name, kind in kinds.items()]}
    output = stack.indico.run(sys.executable, '-m', 'tests.stack.picture_forms', stdin=json.dumps(wanted))
    people = json.loads(output.splitlines()[-1])
    stack.seeded['registrations'] += people.values()
    stack.seeded['desk_of_form'] |= {str(person['form_id']): 'Desk 1' for person in people.values()}
    return people


def _mixed(ordinary, others):
    """Return all people, those with pictures between the others."""
    mixed = []
    while ordinary or others:
        mixed += [*ordinary[:1], *others[:2]]
        ordinary, others = ordinary[1:], others[2:]
    return mixed


def _unfinished(stack):
    return stack.postgres.sql('indico', f"""SELECT id FROM plugin_checkin_print.jobs
        WHERE state IN ({JobState.queued}, {JobState.rendering})""")


def _release(stack, people, kinds):
    """Release, as a manager does, what is held for a picture of its person. Return these people."""
    held = stack.postgres.sql('indico', f"""SELECT id FROM plugin_checkin_print.jobs
        WHERE state = {JobState.held} AND reason = 'lost_picture'""")
    release(stack, held)
    return [people[name] for name, kind in kinds.items() if not kind.prints and kind.where == 'person']


def _colours(facts, people, kinds):
    """Return (the colours on paper that are others than those of the picture, by its name; how many were compared)."""
    wrong, compared = {}, 0
    for name, kind in kinds.items():
        if kind.colours is None or people[name]['id'] not in facts.papers:
            # what did not come out is a fault already
            continue
        compared += 1
        found = _quarters(facts.papers[people[name]['id']].path, (0, 0, 96, 127) if kind.where == 'background' else
                          (PICTURE[0], PICTURE[1], PICTURE[0] + PICTURE[2], PICTURE[1] + PICTURE[3]))
        if any(abs(one - other) > kind.tolerance for colour, wanted in zip(found, kind.colours, strict=True)
               for one, other in zip(colour, wanted, strict=True)):
            wrong[name] = found
    return wrong, compared


def _quarters(path, box_mm):
    """Return the colours of the four quarters of a part of a page, as poppler paints it."""
    ppm = subprocess.run(['pdftoppm', '-r', str(DPI), '-singlefile', str(path)], check=True, capture_output=True).stdout
    page = Image.open(BytesIO(ppm)).convert('RGB')
    left, top, right, bottom = (side / 25.4 * DPI for side in box_mm)
    return [page.getpixel((int(left + (right - left) * x), int(top + (bottom - top) * y)))
            for y in (.25, .75) for x in (.25, .75)]


def _silent(stack, people, kinds):
    """Return which refused pictures have another reason than they should: what was said of each, by its name."""
    rows = stack.postgres.sql('indico', """
        SELECT DISTINCT ON (j.registration_id) j.registration_id, h.state, h.reason, h.detail, j.facts->>'losses'
        FROM plugin_checkin_print.jobs j JOIN plugin_checkin_print.job_history h ON h.job_id = j.id
        WHERE h.reason IN ('picture_refused', 'lost_picture') ORDER BY j.registration_id, h.id""")
    said = {int(id_): words for id_, *words in (row.split('\t') for row in rows)}
    silent = {}
    for name, kind in kinds.items():
        state, reason, detail, losses = said.pop(people[name]['id'], (0, '', '', ''))
        if kind.prints:
            if reason:
                silent[name] = f'it was refused, because {detail}'
            continue
        expected = ((JobState.held, 'lost_picture', 'Picture') if kind.where == 'person' else
                    (JobState.failed, 'picture_refused', {'background': 'The background image',
                                                          'item': '"Fixed Image"'}[kind.where]))
        if (int(state), reason) != expected[:2] or expected[2] not in detail:
            silent[name] = f'said was {reason} {detail}'
        elif kind.where == 'person' and kind.fault not in losses:
            silent[name] = f'the loss is not on the job: {losses}'
    return silent


def _uploads(stack):
    """Upload pictures as who draws a badge does. Return what was taken or refused wrongly, as sentences."""
    manager, wrong = Manager(stack), []
    template = stack.seeded['template']['id']
    path = f'/manage/designer/{template}/images?background=1'
    for name, fits in (('cmyk-jpeg', True), ('cut-off-png', False), ('layers', False)):
        content = pictures.in_colour()[name] if fits else pictures.hostile()[name][1]
        before = _backgrounds(stack, template)
        answer = manager.upload(path, 'x.png', content)
        if ('error' in answer) == fits or (_backgrounds(stack, template) == before) == fits:
            wrong.append(f'The upload of {name} was answered with {answer}.')
    return wrong


def _backgrounds(stack, template):
    """Return which background a template has, and how many pictures there are."""
    return stack.postgres.sql('indico', f"""
        SELECT background_image_id, (SELECT count(*) FROM indico.designer_image_files)
        FROM indico.designer_templates WHERE id = {template}""")


def _failed(stack, ordinary):
    ids = ', '.join(str(person['id']) for person in ordinary)
    return int(stack.postgres.sql('indico', f"""SELECT count(*) FROM plugin_checkin_print.jobs
        WHERE registration_id IN ({ids}) AND state NOT IN ({JobState.completed}, {JobState.sent})""")[0])


def _slowest(stack):
    """Return the longest that any badge was drawn for, in seconds."""
    return float(stack.postgres.sql('indico', """
        SELECT max(extract(epoch FROM following - dt)) FROM (
            SELECT reason, dt, lead(dt) OVER (PARTITION BY job_id ORDER BY id) AS following
            FROM plugin_checkin_print.job_history) steps WHERE reason = 'claimed'""")[0])


def _peak_memory(stack):
    """Return the most memory that a process which draws badges ever had, in bytes."""
    parents = [stack.celery.pid, *(relay.pid for relay in stack.relays)]
    return max(proc.peak_memory(pid) for parent in parents for pid in (parent, *proc.children(parent)))
