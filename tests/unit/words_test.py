"""No private vocabulary: words that an engineer of the field would have to learn first, and what to say instead.

``python -m tests.unit.words_test [PATH...]`` prints each place in these files and folders, or in the whole tree.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
#: What may keep an old word: what was released under it, what is generated, this list, and vendored files.
EXEMPT = ('CHANGELOG.md', 'indico_checkin_print/migrations/', 'requirements/', 'docs/images/', 'LICENSE',
          'indico_checkin_print/static/vendor/', 'tests/stack/axe_core/',
          'tests/unit/words_test.py')
#: pattern (whole words, any case) → what the field says
WORDS = {
    r'(set|sets|setting|put|puts)[ _-]aside|troubles?|rests|rested|resting': 'circuit breaker: open, half-open, closed;'
                                                                             ' probe',
    r'(?<!pytest\.)(?<!question )(?<!quotation )(?<!combining )(?<!registered )marks?'
    r'|signs?[ _]of[ _]life': 'heartbeat',
    r'(give|gives|given|giving|gave|take|takes|taken|taking|took|hand|hands|handed|handing)[ _-]'
    r'(?:(?:it|this|that|them|nothing|(?:a|the)[ _]\w+)[ _])?back|gave_back'
    r'|mov(e|es|ed|ing)[ _-]on': 'assign, reassign, release; the agent returns a job',
    r'no[ _]word|without[ _]a[ _]word': 'go timeout',
    r'births?|births_of|born': 'create',
    r'(?<!real )life': 'states',
    r'(put|puts|putting)[ _]right': 'recover stalled jobs',
    r'pass(ed|es|ing)?[ _-]over': 'skipped printers',
    r'forsaken?': 'orphaned',
    r'obstacles?|hinder(s|ed|ing)?': 'blocked by (gets no badge), stalled by (makes no progress)',
    r'crews?': 'executor, workers, queue',
    r'doors?(?!-open|:)(?! of the printer)(?! (open|close|are open|are closed))': 'webhook endpoint',
    r'tell|tells|telling|told|untold': 'notify, notified, say',
    r'repetitions?': 'reprint',
    r'riddles?|dice|moods?|story|stories|crowds?|weather': 'unknown, random walk, fault, state-machine test, load,'
                                                         ' network faults',
    r'look(s|ed|ing)?[ _](whether|at[ _](the|a|its|each|every)[ _]printers?)': 'check whether, check the printer',
    r'(go|goes|going|went|gone)[ _]on(?![ _](to|for)(?![^\W_]))': 'resume',
    r'by[ _](itself|themselves|himself|herself)': 'automatically',
    r'whoever': 'the user, who',
    r'someone|anyone|everyone': 'somebody, anybody, everybody: one word for one thing',
    r'in[ _]peace|at[ _]hazard|somewhen|of[ _]yesterday': 'gracefully, at random, at some time, stale',
}
#: The same, only as (part of) a name in code: in a sentence these words are ordinary English.
NAMES = {
    r'\w+_again|again_\w+|again(?=\.\w|\[| = )|/again|(?<=\})again': 'reprint, retry, repeat: what it is',
    r'(\w+_)?(LOOK|PATIENCE|MOST)(_\w+)?|AFTER|_?patience': 'what it limits, with its unit: PRINTER_POLL_INTERVAL',
    r'of_life|lives': 'states',
    r'_?why_not': 'blocked_by',
    # a column of the spool has the old name
    r'unsettled|settles?|settled(?! +INTEGER| AS gone| = [01]\b)|settled?_\w+|\w+_settled?': 'ensure gone, end',
    r'def sheet|sheet\.(document|tag|title|copies|width_mm)': 'print request',
}
#: What waits for an agent is outgoing; elsewhere mail is e-mail.
MAIL = r'(?<!e-)(?<!e_)(?<!\w)mails?(?!\w)|(?<=_)mails?(?!\w)'
MAIL_FOLDERS = ('print_agent/', 'indico_checkin_print/agents/', 'indico_checkin_print/relay/', 'tests/agent/')
#: What people read on a screen has one kind of quotation marks; a certificate is set as a book is
QUOTES = r'[“”„‟]'
QUOTE_FOLDERS = ('print_agent/', 'indico_checkin_print/', 'docs/')
#: What the database has stored under an old name: a table, a column, keys and codes. Only as a literal of exactly that.
STORED = re.compile(r"""(['"`]{1,2})(passed_over|gave_back|marks|printer_troubles|no_word|try_again)\1""")

# a name's parts count as words: `set_aside`, `_told`, `mark_alive`
_words = re.compile('|'.join(rf'(?<![^\W_])(?:{pattern})(?![^\W_])' for pattern in WORDS), re.I)
_names = re.compile('|'.join(rf'(?<!\w)(?:{pattern})(?!\w)' for pattern in NAMES))
_mail = re.compile(MAIL)
_quotes = re.compile(QUOTES)


def files(*paths):
    """Return the names of all files in git, or of those in some paths, without the exempt ones."""
    names = subprocess.run(['git', 'ls-files', *paths], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in names.splitlines() if not name.startswith(EXEMPT) and (ROOT / name).exists()]


def private_words(name):
    """Return (line number, word, line) of each private word in a file, and in its name as line 0."""
    try:
        lines = (ROOT / name).read_text().splitlines()
    except UnicodeDecodeError:
        return []
    found = [(0, match[0], name) for match in _words.finditer(name.replace('/', ' / '))]
    for number, line in enumerate(lines, 1):
        line = STORED.sub('', line)
        matches = [*_words.finditer(line)]
        if name.endswith(('.py', '.js', '.html')):
            matches += _names.finditer(line)
        if name.startswith(MAIL_FOLDERS):
            matches += _mail.finditer(line)
        if name.startswith(QUOTE_FOLDERS) and not name.startswith('indico_checkin_print/certificates/'):
            matches += _quotes.finditer(line)
        found += [(number, match[0], line.strip()) for match in matches]
    return found


def test_no_links():
    """A link in git names a path of one computer, and a checkout elsewhere puts it in the place of what is there."""
    assert [name for name in files() if (ROOT / name).is_symlink()] == []


@pytest.mark.parametrize('name', files())
def test_words_are_of_the_field(name):
    assert private_words(name) == []


def test_no_quotes_in_titles_of_buttons():
    """In a template ``_`` returns markup, in which a quotation mark would end the attribute of a title."""
    names = files('indico_checkin_print/templates')
    assert [name for name in names if re.search(r"""_\('[^']*"[^']*'\)""", (ROOT / name).read_text())] == []


if __name__ == '__main__':
    for name in files(*sys.argv[1:]):
        for number, word, line in private_words(name):
            print(f'{name}:{number}: [{word}] {line[:150]}')
