"""Names in the scripts of the world, through the whole chain, judged by programs that had no part in it."""

import unicodedata
from collections import defaultdict
from pathlib import Path

from tests.stack import letters
from tests.stack.checkin import CheckIn
from tests.stack.facts import Facts, commit_times, wait_for_badges
from tests.stack.papers import lines_by_pdfium, read
from tests.stack.rooms import colour, overflow
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scripts import country_of, fonts_of, language_of, names
from tests.stack.stack import Wanted, running


CHECK_IN_INTERVAL = 0.25
#: Where family name and affiliation are on the badge, in pixels: further down than in `seed.py`, so that the two lines
#: of a name can be cut apart on paper
MOVED = {'last_name': 245, 'affiliation': 390}
#: Where the two lines of the name are on the badge (left, top, right, bottom in mm), and between which heights from its
#: top one ends and the other begins
NAME, BORDER = (2, 20, 94, 77), (17, 30)
#: The share of ink that may be elsewhere than in the other renderer's picture: edges of letters, rounded positions
TOLERANCE = 0.02
#: Lines of one contact sheet
PER_SHEET = 126


@scenario('scripts', 'Some 250 names in 47 scripts; ARGS=FOLDER saves what came out beside what Pango draws.')
def scripts(folder=''):
    people = [(given, family, script, country_of(script)) for script, given, family in names()]
    with running(Wanted(desks=2, people=tuple(people)), say=say) as stack:
        tops = colour(stack, MOVED)
        say(f'{len(people)} people are checked in')
        registrations = stack.seeded['registrations']
        CheckIn(stack).every(registrations, CHECK_IN_INTERVAL)
        wait_for_badges(stack, len(people), timeout=120)
        committed = commit_times(stack)
        missing = int(stack.postgres.sql('indico', """
            SELECT count(*) FROM plugin_checkin_print.jobs
            WHERE reason = 'missing_glyphs' OR facts ? 'losses'""")[0])
        papers = _papers_of(stack.papers())
        say('the papers are compared with what Pango draws')
        facts, found, rows = Facts(checked_in=len(people)), defaultdict(list), []
        for number, (given, family, script, __) in enumerate(people):
            mine = list(papers[_letters_of(given), _letters_of(family)])
            if len(mine) != 1:
                facts.faults.append(f'{script}: {len(mine)} badges say {given} {family}.')
                continue
            facts.printed += 1
            path = mine[0].path
            facts.ms.append((mine[0].first_byte - committed[registrations[number]['id']]) * 1000)
            for text in (given, family):
                found[_how_it_reads(path, text)].append(f'{script}: {text}')
            if where := overflow(path.read_bytes(), tops, has_pictures=script == 'Emoji'):
                found['overflow'].append(f'{script}: {given} {family} ({"; ".join(where)})')
            lines = letters.lines_of(letters.strip(path, NAME), BORDER)
            for text, paper in zip((given, family), lines, strict=True):
                pango = letters.drawn_by_pango(text, fonts_of(script), stack.folder, language_of(script))
                if (share := letters.difference(paper, pango)) > TOLERANCE:
                    found['wrong_shape'].append(f'{script}: {text} ({share:.3f})')
                rows.append((f'{script} {share:.3f}', paper, pango, text))
        noticed = _noticed(rows, stack.folder)
        for what in ('text_wrong', 'overflow', 'wrong_shape'):
            if where := found[what]:
                facts.faults.append(f'{what}: {"; ".join(where)}')
        if missing:
            facts.faults.append(f'{missing} badges lack glyphs.')
        if noticed < 1:
            facts.faults.append(f'The comparison would have noticed only {noticed:.0%} of names written backwards.')
        for number, start in enumerate(range(0, len(rows), PER_SHEET) if folder else (), 1):
            letters.contact_sheet([row[:3] for row in rows[start:start + PER_SHEET]],
                                  Path(folder, f'scripts-{number}.png'), columns=6)
        facts.lost = len(people) - facts.printed
        return facts, {'names': len(people), 'scripts': len({script for *__, script, __ in people}),
                       'missing_glyphs': missing, 'wrong_shape': len(found['wrong_shape']),
                       'overflow': len(found['overflow']), 'text_wrong': len(found['text_wrong']),
                       'text_as_written': len(found['text_as_written']), 'text_in_order_of_lines': found['other_order'],
                       'backwards_noticed': noticed}


def _papers_of(papers):
    """Return the papers by the letters of their two lines of a name."""
    found = defaultdict(set)
    for paper in papers:
        lines = [line.strip() for line in read(paper.path).text.splitlines() if line.strip()]
        # poppler may read the lines of a name in any order
        for given in lines:
            for family in lines:
                found[_letters_of(given), _letters_of(family)].add(paper)
    return found


def _letters_of(text):
    return ''.join(sorted(unicodedata.normalize('NFC', text)))


def _how_it_reads(path, text):
    """Return whether a reader of PDF reads a text as it was written.

    Neither poppler nor pdfium knows all scripts that are written from right to left, and both read what goes in two
    directions as it stands on the line; nothing of it may be lost.
    """
    text = unicodedata.normalize('NFC', text)
    if text in {line.strip() for line in read(path).text.splitlines()} | lines_by_pdfium(path):
        return 'text_as_written'
    return 'other_order' if any(unicodedata.bidirectional(char) in {'R', 'AL'} for char in text) else 'text_wrong'


def _noticed(rows, folder):
    """Return for which share of names the comparison sees that another renderer wrote them backwards."""
    tried = [(text, paper, caption.rpartition(' ')[0]) for caption, paper, __, text in rows
             if caption.startswith(('Hebrew', 'Arabic', 'Devanagari', 'Thai')) and text != text[::-1]]
    wrong = [letters.difference(paper, letters.drawn_by_pango(text[::-1], fonts_of(script), folder)) > TOLERANCE
             for text, paper, script in tried]
    return sum(wrong) / len(wrong) if wrong else 0
