"""Every text that a person reads can be translated, and a translation is found where Indico looks for it."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path
from textwrap import dedent

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from jinja2 import Environment

import indico_checkin_print


ROOT = Path(indico_checkin_print.__file__).parent
TEMPLATES = sorted((ROOT / 'templates').rglob('*.html'))
SCRIPTS = sorted((ROOT / 'static').glob('*.js'))
#: Rooms whose texts are for programs, administrators' consoles and logs, which are English as Indico's are
FOR_PROGRAMS = ('agents', 'api', 'certificates/audit', 'certificates/cli.py', 'certificates/export.py',
                'certificates/pades.py', 'certificates/send_cli.py', 'certificates/sign.py',
                'cli.py', 'delivery', 'diagnostics/checks.py', 'diagnostics/facts.py', 'diagnostics/findings.py',
                'errors.py', 'ledger', 'messages', 'migrations', 'models', 'relay', 'settings.py', 'sql.py')
MODULES = sorted(path for path in ROOT.rglob('*.py')
                 if not path.relative_to(ROOT).as_posix().startswith(FOR_PROGRAMS))
#: What translates a text, and what takes a text for a log, an exception for programs or a library
TRANSLATES = {'_', 'gettext', 'ngettext', 'pgettext'}
SPEAKS_TO_NOBODY = {'log', '_log', '_change', '_move', 'log_failure', 'debug', 'info', 'warning', 'error', 'exception',
                    'savepoint', 'APIError', 'text', 'Markup', 'make_rate_limiter'}
#: Attributes of HTML with a text
READ_ALOUD = {'title', 'alt', 'aria-label', 'placeholder', 'label', 'summary'}
#: Stands for what a template puts in
VALUE = '\x1a'


class Bare(HTMLParser):
    """Finds what would be read, besides what a template puts in."""

    #: What is typed into a computer is the same in each language
    VERBATIM = ('script', 'style', 'code', 'pre')

    def __init__(self, html):
        super().__init__()
        self.found = []
        self._verbatim = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._verbatim += tag in self.VERBATIM
        for name, value in attrs:
            text = (value or '').replace(VALUE, '')
            if ((name in READ_ALOUD and re.search('[A-Za-z]{2}', text))
                    or (name.startswith('data-') and re.search('[A-Za-z]{2,} [A-Za-z]{2,}', text))):
                self.found.append(f'{name}="{value}"')

    def handle_endtag(self, tag):
        self._verbatim -= tag in self.VERBATIM

    def handle_data(self, data):
        if not self._verbatim and re.search(r'[^\W\d_]', data):
            self.found.append(data.strip())


def bare_texts(source):
    """Return the texts of a template that no translation can reach, in its HTML and in what it puts in."""
    html, found, names, in_trans, in_attribute_block, before = [], [], [], False, False, []
    for __, kind, value in Environment().lex(source):
        if kind == 'data':
            html.append('' if in_trans or in_attribute_block else value)
        elif kind == 'block_begin':
            names = []
        elif kind == 'block_end':
            in_trans = names[:1] in (['trans'], ['pluralize'])
            # a class and not a text
            in_attribute_block = names[:2] == ['block', 'page_class']
            html.append(VALUE if names[:1] == ['endtrans'] else '')
        elif kind == 'variable_end':
            html.append(VALUE)
        elif kind == 'name':
            names.append(value)
        elif kind == 'string' and re.search('^.[A-Z][a-z]+( |.$)', value) and before[-2:] != ['_', '(']:
            found.append(value)
        # a long text has several literals
        if kind not in {'whitespace', 'string'}:
            before.append(value)
    # `<{{ tag }}>` is an element
    return found + Bare(''.join(html).replace(f'<{VALUE}', '<x').replace(f'</{VALUE}', '</x')).found


@pytest.mark.parametrize('path', TEMPLATES, ids=lambda path: path.stem)
def test_templates(path):
    assert bare_texts(path.read_text()) == []


@pytest.mark.parametrize(('source', 'found'), [
    ('<p>Ready</p>', ['Ready']),
    ('<p>{% trans %}Ready{% endtrans %}, {{ name }} – 2</p>', []),
    ('{% trans count=n %}{{ count }} badge{% pluralize %}{{ count }} badges{% endtrans %}', []),
    ('<p title="Ready">', ['title="Ready"']),
    ('<p title="{% trans %}Ready{% endtrans %}" class="{% if x %}big{% endif %}" {{ rest }}>', []),
    ('<p data-lost="No connection">', ['data-lost="No connection"']),
    ("{{ button(url, 'Call the tech') }}", ["'Call the tech'"]),
    ("{{ button(url, _('Call the '\n 'tech'), 'icon-time') }}<code>print-agent run</code>", []),
])
def test_bare_texts_are_found(source, found):
    assert bare_texts(source) == found


def sentences(tree):
    """Yield the literals of a module that look like a text for people, and that nothing translates."""
    exempt = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            exempt.add(node.value)
        elif isinstance(node, ast.Call):
            function = node.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, 'attr', '')
            if name in TRANSLATES | SPEAKS_TO_NOBODY:
                exempt.update(ast.walk(node))
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == 'LOG_SUMMARY':
            exempt.update(ast.walk(node))
    for node in ast.walk(tree):
        if (isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in exempt
                and re.match(r'[A-Z][a-z]+[,:]? [a-z]{2,}|[A-Z][a-z]+[.!?]$', node.value)):
            yield node.value


@pytest.mark.parametrize('path', MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules(path):
    assert list(sentences(ast.parse(path.read_text()))) == []


def test_sentences_are_found():
    source = """
        flash('Nothing was changed.')
        flash(_('That is good.'))
        logger.info('Went well, all of it')
    """
    assert list(sentences(ast.parse(dedent(source)))) == ['Nothing was changed.']


@pytest.mark.parametrize('path', SCRIPTS, ids=lambda path: path.name)
def test_scripts(path):
    """Their texts come with the page. What an exception says is for the console."""
    source = re.sub(r'^\s*//.*$|\s//.*$', '', path.read_text(), flags=re.MULTILINE)
    source = re.sub(r'new (DOMException|Error)\([^;]*\);|querySelector\([^;]*;', '', source)
    assert re.findall(r"'[A-Z][a-z]+ [^']*'|\$\{[^}]*\} ?[a-z]+`|textContent = '[A-Za-z]+", source) == []


def messages():
    """Extract all texts as ``pybabel extract`` does with our ``babel.cfg``."""
    with (ROOT.parent / 'babel.cfg').open() as file:
        methods, options = parse_mapping_cfg(file)
    return list(extract_from_dir(ROOT, methods, options, keywords=DEFAULT_KEYWORDS))


def test_a_translation_is_found_on_the_pages(manager, objects, event, translate):
    """All texts are put in brackets; so must be what the pages show."""
    texts = {text: tuple(f'⟦{x}⟧' for x in text) if isinstance(text, tuple) else f'⟦{text}⟧'
             for __, ___, text, ____, _____ in messages()}
    assert len(texts) > 800
    translate('fr_FR', texts)

    with manager.client.session_transaction() as session:
        session.lang = 'fr_FR'

    def _texts(path):
        response = manager.get(f'/event/{event.id}{path}', xhr=False)
        assert response.status_code == 200
        return ' '.join(response.get_data(as_text=True).split())

    text = _texts('/desk/')
    assert '⟦My desk⟧' in text
    # of several lines, and put together from words of a module
    assert '⟦Badges of those whom you check in come out at the desk that the rules of the event' in text
    text = _texts(f'/desk/{objects.desk.id}/board')
    assert '⟦Call the tech⟧' in text
    assert '⟦Did it come out?⟧' not in text
    text = _texts('/desk/scan/')
    # as JSON for the page's script
    assert r'\u27e6The camera does not work.\u27e7' in text
    text = _texts('/manage/checkin-print/setup')
    assert '⟦What is printed when somebody who registered with this form is checked in.⟧' in text
