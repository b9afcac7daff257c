"""A Chromium for the tests: the system's, or else Playwright's own.

Ubuntu's is a snap, which sees none of our private folders. ``CHROMIUM=...`` names another one.
"""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.stack.indico import ROOT
from tests.stack.process import StartError


NAMES = ('chromium', 'google-chrome')
#: What judges whether people with a screen reader, a keyboard or weak eyes can use a page (MPL-2.0)
AXE = Path(__file__).parent / 'axe_core' / 'axe.min.js'
#: What fails a test; the lesser findings are matters of taste as often as not
IMPACTS = ('serious', 'critical')
#: Where Playwright keeps what it fetches; `make clean` removes it.
OWN = ROOT / '.venv' / 'browsers'
#: For fetching it, in seconds
TIMEOUT = 600


@contextmanager
def chromium():
    """Start a browser; yield Playwright's `Browser`."""
    path = find()
    if path is None:
        os.environ['PLAYWRIGHT_BROWSERS_PATH'] = str(OWN)
        fetch()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path,
                                             args=['--no-sandbox', '--disable-background-networking'])
        yield browser
        browser.close()


def accessibility_faults(page, *, within=('body',), without=(), palette=''):
    """Return what axe-core finds serious or critical on a page: a line for each kind, with the elements.

    :param within: Selectors: only what is in there is judged.
    :param without: Selectors of what is not ours, such as Indico's own parts of the page.
    :param palette: A selector of what has Indico's colours, which are not judged there; all else is.
    """
    if not page.evaluate('typeof axe === "object"'):
        # not by a script element, which the page's policy may refuse
        page.evaluate(AXE.read_text())
    violations = page.evaluate("""([within, without, palette]) => {
      const coloured = node => palette && document.querySelector(node.target[0])?.closest(palette);
      const there = selectors => selectors.filter(x => document.querySelector(x)).map(x => [x]);
      return axe.run(
        {include: there(within), exclude: there(without)},
        {resultTypes: ['violations']}).then(results => results.violations.map(
          found => ({...found, nodes: found.nodes.filter(x => found.id !== 'color-contrast' || !coloured(x))}))
          .filter(found => found.nodes.length));
    }""", [list(within), list(without), palette])
    return [f'{found["id"]} ({found["impact"]}): {found["help"]}: '
            + ' | '.join(f'{node["html"][:160]} [{_why(node)}]' for node in found['nodes'][:5])
            for found in violations if found['impact'] in IMPACTS]


def _why(node):
    return '; '.join(check['message'] for check in (*node['any'], *node['all'], *node['none']))[:200]


def find():
    """Return the path of a browser that runs, or ``None``."""
    if 'CHROMIUM' in os.environ:
        return os.environ['CHROMIUM']
    for path in map(shutil.which, NAMES):
        if path and not path.startswith('/snap/') and not subprocess.run([path, '--version'], capture_output=True,
                                                                         check=False).returncode:
            return path
    return None


def fetch():
    """Let Playwright fetch its browser, unless it is there, and the system's libraries where that is allowed."""
    may_install = not os.getuid() or (shutil.which('sudo') and not subprocess.run(
        ['sudo', '-n', 'true'], capture_output=True, check=False).returncode)
    try:
        subprocess.run([sys.executable, '-m', 'playwright', 'install', *(['--with-deps'] if may_install else []),
                        'chromium-headless-shell'], capture_output=True, text=True, check=True, timeout=TIMEOUT)
    except subprocess.SubprocessError as error:
        said = error.stderr.strip()[-500:] if isinstance(error, subprocess.CalledProcessError) else error
        raise StartError(f'No Chromium runs here, and Playwright cannot fetch one:\n{said}\n'
                         'Please install one, or name one with CHROMIUM=/path/to/chromium.') from error
