"""A Chromium for the tests: the system's, or else Playwright's own.

Ubuntu's is a snap, which sees none of our private folders. ``CHROMIUM=...`` names another one.
"""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from tests.stack.indico import ROOT
from tests.stack.process import StartError


NAMES = ('chromium', 'google-chrome')
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
