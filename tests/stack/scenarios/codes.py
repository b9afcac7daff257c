"""The codes on badges: whether they scan, by their size, their printer and what is in them."""

import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from tests.stack.checkin import CheckIn
from tests.stack.codes import texts_in, texts_seen
from tests.stack.dots import WAYS, by_cups
from tests.stack.facts import judge, wait_for_badges
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running


HOSTS = {'short': 'indico.cern.ch', 'medium': 'indico.conference.example.org',
         'long': 'registration.long-department.university.example.edu/indico'}
#: In mm: those that badges should have, and some that are too small
SIZES, TOO_SMALL = range(15, 31), range(8, 15)
DPI = (203, 300)
#: The side of a page in mm
PAGE = 44
#: The code in the template of `seed.py`: its number among the items, and where its middle is, in mm
ITEM, MIDDLE, PX_PER_MM = 4, (48, 104), 5


@dataclass(frozen=True)
class Tried:
    """One code on one printer."""

    #: As `draw_codes` says what is on it
    page: dict
    #: See `WAYS`
    way: str
    dpi: int
    #: What the product says of it before it is printed: ``ok``, ``warn`` or ``fail``
    verdict: str
    #: Whether its dots are read
    raw: bool
    #: Whether a phone reads it
    seen: bool


@scenario('qr', 'Codes of 8 to 30 mm as printers with 203 and 300 dpi print them; ARGS=FOLDER saves a picture.')
def qr(folder=''):
    with running(Wanted(desks=2), say=say) as stack:
        facts = _through_the_chain(stack)
        say('badges are drawn with codes of all sizes, for three hosts')
        output = stack.indico.run(sys.executable, '-m', 'tests.stack.draw_codes', stack.seeded['event']['id'],
                                  stack.folder, stdin=json.dumps({'hosts': HOSTS, 'sizes': [*TOO_SMALL, *SIZES],
                                                                  'page': PAGE, 'dpi': DPI}))
        pages = json.loads(output.splitlines()[-1])
        ours, indico = (list(_try(stack.folder, name, pages)) for name in ('ours', 'indico'))
        if folder:
            _save_picture(stack.folder, pages, Path(folder, 'qr-dots.png'))
    for tried in ours:
        if tried.verdict == 'ok' and not (tried.raw and tried.seen):
            facts.faults.append(f'{tried.way}, {tried.dpi} dpi, {tried.page["host"]} host, {tried.page["size"]} mm: '
                                'called fine, and not read.')
    unexplained = sum(verdict != 'ok' and not reasons for page in pages for verdict, reasons in page['judged'].values())
    if unexplained:
        facts.faults.append(f'{unexplained} codes are not called fine, without a reason.')
    return facts, {
        'codes': len(pages), 'tried': len(ours), 'called': _shares(ours, lambda tried: tried.verdict),
        'read': _by_printer(ours), 'read_of_indico': _by_printer(indico),
        'fine_from_mm': {f'{host} {dpi}': min((tried.page['size'] for tried in ours if tried.page['host'] == host
                                               and tried.dpi == dpi and tried.verdict == 'ok'), default=None)
                         for host in HOSTS for dpi in DPI}}


def _through_the_chain(stack):
    """Check people in whose codes have all sizes; return the facts about their badges, which must say who they are."""
    people = stack.seeded['registrations'][:len(SIZES)]
    say(f'{len(people)} people are checked in, whose codes have all sizes')
    check_in = CheckIn(stack)
    for number, (person, size) in enumerate(zip(people, SIZES, strict=True), 1):
        places = {'width': size, 'height': size, 'x': MIDDLE[0] - size / 2, 'y': MIDDLE[1] - size / 2}
        data = 'data::jsonb'
        for key, mm in places.items():
            data = f"jsonb_set({data}, '{{items,{ITEM},{key}}}', '{mm * PX_PER_MM}')"
        stack.postgres.sql('indico', f'UPDATE indico.designer_templates SET data = {data} '
                                     f'WHERE id = {stack.seeded["template"]["id"]}')
        check_in(person)
        wait_for_badges(stack, number, extra=0)
    facts = judge(stack, people)
    tickets = dict(row.split('\t') for row in stack.postgres.sql(
        'indico', "SELECT id, encode(uuid_send(ticket_uuid::uuid), 'base64') FROM event_registration.registrations"))
    for person, size in zip(people, SIZES, strict=True):
        paper = facts.papers.get(person['id'])
        expected = json.dumps({'i': [2, stack.url, tickets[str(person['id'])]]}, separators=(',', ':'))
        if paper is None or texts_in(by_cups('gstoraster', paper.path.read_bytes(), 300, 96, 134, stack.folder)[0]) != [
                expected]:
            facts.faults.append(f'The code of {size} mm on the badge of registration {person["id"]} does not say so.')
    return facts


def _try(folder, name, pages):
    """Yield each code of a document on each printer, as `Tried`."""
    document = (folder / f'{name}.pdf').read_bytes()
    for dpi in DPI:
        for way, dots_of in WAYS.items():
            bits = 1 if way.startswith('cups') else 8
            say(f'{name}.pdf, {dpi} dpi, {way}')
            for page, dots in zip(pages, dots_of(document, dpi, PAGE, PAGE, folder), strict=True):
                said = [page['said']]
                yield Tried(page, way, dpi, page['judged'][f'{dpi}/{bits}'][0], texts_in(dots) == said,
                            texts_seen(dots, dpi) == said)


def _shares(found, key):
    """Return how many codes there are of each kind, and which shares of them are read."""
    kinds = defaultdict(list)
    for tried in found:
        kinds[key(tried)].append(tried)
    return {kind: {'codes': len(all_), 'raw': round(sum(tried.raw for tried in all_) / len(all_), 3),
                   'phone': round(sum(tried.seen for tried in all_) / len(all_), 3)}
            for kind, all_ in kinds.items()}


def _by_printer(found):
    """Return the shares for each printer and way, of codes that have the size that they should have."""
    return {str(dpi): _shares((tried for tried in found if tried.dpi == dpi and tried.page['size'] in SIZES),
                              lambda tried: tried.way) for dpi in DPI}


def _save_picture(folder, pages, path):
    """Save the dots of a code of 22 mm on a printer with 203 dpi, in each way: Indico's picture above ours."""
    number = next(n for n, page in enumerate(pages) if page['size'] == 22 and not page['crowded'])
    side, caption = round(26 / 25.4 * 203), 16
    sheet = Image.new('1', (len(WAYS) * side, 2 * (side + caption)), 1)
    for row, (name, title) in enumerate((('indico', "Indico's picture"), ('ours', 'mask'))):
        document = (folder / f'{name}.pdf').read_bytes()
        for column, (way, dots_of) in enumerate(WAYS.items()):
            dots = dots_of(document, 203, PAGE, PAGE, folder)[number].convert('1')
            left, top = column * side, row * (side + caption)
            edge = (dots.width - side) // 2
            sheet.paste(dots.crop((edge, edge, edge + side, edge + side)), (left, top + caption))
            ImageDraw.Draw(sheet).text((left + 10, top + 2), f'{title}, {way}', fill=0)
    sheet.save(path, optimize=True)
