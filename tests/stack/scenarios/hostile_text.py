"""Names that are no names, among ordinary people: nobody else's badge fails, and whatever is lost is said."""

import json
import re
import unicodedata
from itertools import zip_longest
from pathlib import Path

import requests
from PIL import Image

from tests.stack.checkin import CheckIn
from tests.stack.facts import Facts, commit_times, wait_for_badges
from tests.stack.hostile import BOXES, CROWDED, CUT, cases, ordinary
from tests.stack.indico import BIN
from tests.stack.ink import page
from tests.stack.manager import Manager
from tests.stack.papers import read
from tests.stack.process import wait_until
from tests.stack.rooms import colour, overflow
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running
from tests.stack.states import JobState


CHECK_IN_INTERVAL = 0.2
ORDINARY = 30
TITLE = 'Conference on Computing in High Energy Physics'
#: What a reader of PDF reads of a hyphen that separates a word, and of directions
_UNWRITTEN = dict.fromkeys(map(ord, '\xad\u200b\u202a\u202b\u202c\u200e\u200f'))


@scenario('hostile-text', 'Markup, controls, 5,000 letters, stacked accents and no names at all among ordinary people: '
                          'nothing else fails, and every loss is named.')
def hostile_text(folder=''):
    hostile, others = cases(), ordinary(ORDINARY)
    people = [one for pair in zip_longest(hostile, others) for one in pair if one is not None]
    with running(Wanted(desks=2, people=tuple((one.given, one.family, one.affiliation, 'CH') for one in people)),
                 say=say) as stack:
        tops = colour(stack)
        ids = {one['id']: case for one, case in zip(stack.seeded['registrations'], people, strict=True)}
        say(f'{len(hostile)} hostile and {len(others)} ordinary people are checked in')
        CheckIn(stack).every([one for one in stack.seeded['registrations'] if ids[one['id']].can_check_in],
                             CHECK_IN_INTERVAL)
        for id_ in (id_ for id_, case in ids.items() if not case.can_check_in):
            _ask_for_badge(stack, id_)
        held = {id_ for id_, case in ids.items() if case.held}
        wait_for_badges(stack, len(people) - len(held), timeout=180)
        facts = Facts(checked_in=len(people))
        _judge_held(stack, ids, held, facts)
        say(f'{len(held)} badges are held, and released now')
        _release(stack)
        wait_for_badges(stack, len(people), timeout=60)
        refused = _nul(stack)
        committed = commit_times(stack)
        out = _by_tag(stack)
        wrong, beyond, failed_of_others = [], [], 0
        for id_, case in ids.items():
            papers = out.get(case.tag, [])
            facts.duplicates += max(0, len(papers) - 1)
            if not papers:
                facts.lost += 1
                failed_of_others += case in others
                facts.faults.append(f'{case.tag} has no badge.')
                continue
            facts.printed += 1
            if not case.held and case.can_check_in:
                facts.ms.append((papers[0].first_byte - committed[id_]) * 1000)
            if not _shows(papers[0], case):
                wrong.append(case.tag)
                failed_of_others += case in others
            if where := overflow(papers[0].path.read_bytes(), tops):
                beyond.append(f'{case.tag}: {"; ".join(where)}')
        silent = _losses(stack, ids, facts)
        if folder:
            _contact_sheet([out[case.tag][0] for case in ids.values() if case.tag in out and _is_crowded(case)],
                           Path(folder, 'long-names.png'))
        for what, where in (('Wrong texts', wrong), ('Ink beyond its room', beyond)):
            if where:
                facts.faults.append(f'{what}: {", ".join(where)}')
        if not refused:
            facts.faults.append('A name with NUL in it was neither refused nor cleaned.')
        return facts, {'hostile': len(hostile), 'failed_of_others': failed_of_others, 'held': len(held),
                       'losses': sum(len(case.losses) for case in hostile), 'losses_not_named': silent,
                       'overflow': len(beyond), 'text_wrong': len(wrong), 'nul_refused': refused}


def _ask_for_badge(stack, id_):
    """Ask for a badge as a program does."""
    answer = requests.post(
        f'{stack.url}/api/plugin/checkin-print/event/{stack.seeded["event"]["id"]}/badges', timeout=60,
        json={'registration': id_}, headers={'Authorization': f'Bearer {stack.seeded["token"]}',
                                             'Idempotency-Key': str(id_)})
    assert answer.status_code == 201, f'The badge was refused: {answer.text[:300]}'


def _judge_held(stack, ids, held, facts):
    rows = dict(row.split('\t') for row in stack.postgres.sql('indico', f"""
        SELECT registration_id, reason FROM plugin_checkin_print.jobs WHERE state = {JobState.held}"""))
    expected = {str(id_): ids[id_].held for id_ in held}
    if rows != expected:
        facts.faults.append(f'Held are {rows} instead of {expected}.')


def _release(stack):
    """Release all badges that are held, as an administrator does; one may be held for a second reason then."""
    held = f'SELECT id FROM plugin_checkin_print.jobs WHERE state = {JobState.held}'
    stack.indico.run(BIN / 'indico', 'checkin-print', 'jobs', 'release', *stack.postgres.sql('indico', held))


def _by_tag(stack):
    """Return the papers by the tag on each."""
    found = {}
    for paper in stack.papers():
        for tag in set(re.findall(r'(Case|Institute)(\d\d)', _squashed(read(paper.path).text))):
            found.setdefault(' '.join(tag), []).append(paper)
    return found


def _shows(paper, case):
    """Return whether a badge shows what it should, and nothing else."""
    text, shown = _squashed(read(paper.path).text), [_squashed(part) for part in (TITLE, *case.shown)]
    if _is_crowded(case):
        # poppler leaves out each hyphen at the end of a line
        text, shown = text.replace('-', ''), [part.replace('-', '') for part in shown]
    if any(unicodedata.bidirectional(char) in {'R', 'AL'} for char in text) and CUT not in case.losses:
        # readers of PDF put lines from right to left in another order
        return sorted(text) == sorted(''.join(shown))
    parts = [re.escape(part) + ('.*' if CUT in case.losses and part != _squashed(case.tag) else '') for part in shown]
    return re.fullmatch(''.join(parts), text) is not None and ('…' in text) == (CUT in case.losses)


def _squashed(text):
    """Return a text without blanks, which readers of PDF put in and leave out, and with accents in one way."""
    return ''.join(unicodedata.normalize('NFC', text).translate(_UNWRITTEN).split())


def _losses(stack, ids, facts):
    """Compare what the jobs say is lost with what is; return how many losses nobody hears of."""
    rows = {int(id_): {kind for kind, *__ in json.loads(losses)} for id_, losses in (
        row.split('\t') for row in stack.postgres.sql('indico', """
            SELECT registration_id, facts->'losses' FROM plugin_checkin_print.jobs WHERE facts ? 'losses'"""))}
    wrong = {id_: rows.get(id_, set()) for id_, case in ids.items() if rows.get(id_, set()) != case.losses}
    if wrong:
        facts.faults.append(f'Losses: {[(ids[id_].tag, kinds) for id_, kinds in wrong.items()]}')
    # and in words, where the badges are listed
    listed = Manager(stack).get('/manage/checkin-print/jobs/export')
    for words in ('characters are shown', 'stacked accents are left out'):
        if words not in listed:
            facts.faults.append(f'The list of badges does not say “{words}”.')
    return sum(len(ids[id_].losses - kinds) for id_, kinds in wrong.items())


def _is_crowded(case):
    """Return whether a badge shows how texts get their room."""
    return (case.given, case.family) in {names[:2] for names in CROWDED} or bool(case.losses - {BOXES})


def _contact_sheet(papers, path, columns=7):
    """Save one picture with the upper parts of badges, each above its QR code."""
    pages = [page(paper.path.read_bytes()) for paper in papers]
    pages = [picture.crop((0, 0, picture.width, picture.height * 5 // 8)).resize((190, 166)) for picture in pages]
    sheet = Image.new('RGB', (columns * 196 + 6, -(-len(pages) // columns) * 172 + 6), '#8a8f98')
    for number, picture in enumerate(pages):
        sheet.paste(picture, (6 + number % columns * 196, 6 + number // columns * 172))
    sheet.quantize(64).save(path, optimize=True)


def _nul(stack):
    """Register somebody with NUL in the name; return whether it is refused in words, or a name without it is kept."""
    form_id, count = stack.seeded['forms'][0]['id'], 'SELECT count(*) FROM event_registration.registrations'
    before = stack.postgres.sql('indico', count)
    answer = Manager(stack, 'registrar').post_json(f'/desk/walk-in/{form_id}/', {
        'first_name': 'Zo\0e', 'last_name': 'Nul', 'email': 'nul@people.test',
        'affiliation': {'id': None, 'text': 'Walk-in'}, 'country': 'CH', 'position': 'Guest'})
    wait_until(lambda: stack.postgres.sql('indico', 'SELECT 1'), 10)
    kept = stack.postgres.sql('indico', count) != before
    return (400 <= answer.status_code < 500 and not kept) or (answer.status_code == 200 and kept)
