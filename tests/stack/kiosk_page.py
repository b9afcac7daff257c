"""A kiosk in a browser, as tests and scenarios use it: paired by its code, served by a scanner that types."""

import re

from tests.stack.wedge import Wedge


#: All places where a page could leave something of a person: what it shows, what it stores, where it has been
_TRACES = """async () => [
    document.documentElement.outerHTML, document.title, location.href, JSON.stringify(history.state),
    [...document.querySelectorAll('input')].map(x => x.value).join(), JSON.stringify({...localStorage}),
    JSON.stringify({...sessionStorage}), document.cookie, window.name, getSelection().toString(),
    JSON.stringify(await caches.keys()), JSON.stringify(await indexedDB.databases()),
].join('\\n')"""


def add_kiosk(manager, stack, name, desk, place='to the right', languages=('en_GB',)):
    """Add a kiosk as a `Manager`; return its code and its id."""
    answer = manager.post('/manage/checkin-print/kiosks/add', [
        ('name', name), ('desk_id', stack.seeded['desks'][desk]), ('place', place),
        *(('languages', x) for x in languages)])
    html = answer.json()['html']
    return (re.search(r'checkin-print-secret"[^>]*>([^<]+)<', html)[1],
            re.search(r'data-of="live-kiosk-(\d+)"', html)[1])


class KioskPage:
    """The page of a kiosk, in a window that knows nobody.

    :param page: A page of Playwright.
    """

    def __init__(self, stack, page, code):
        self.page = page
        page.goto(f'{stack.url}/kiosk/#{code}')
        page.get_by_role('button', name='Pair').click()
        self.ready()

    def ready(self):
        """Wait until the page can be used."""
        self.page.wait_for_selector('#kiosk[data-ready]')
        self._wedge = Wedge(self.page)

    def scan(self, code):
        """Scan a code; return what is on the screen then: ``panel``, ``answer``, ``text``."""
        self._wedge(code)
        return self.wait('confirm', 'answer')

    def print(self):
        """Press *Print*; return the answer once the badge is out, or why it is not."""
        self.page.locator('[data-do=print]').click()
        self.page.wait_for_function("""() => {
            const {panel, answer} = document.getElementById('kiosk').dataset;
            return panel === 'answer' && answer !== 'printing';
        }""", timeout=90_000)
        return self.now()

    def back(self):
        """Go back to the start."""
        self.page.locator('[data-do=back]:visible').click()
        self.wait('start')

    def wait(self, *panels):
        """Wait until one of these is on the screen; return what it shows."""
        self.page.wait_for_function('x => x.includes(document.getElementById("kiosk").dataset.panel)',
                                    arg=list(panels))
        return self.now()

    def now(self):
        """Return what is on the screen."""
        return self.page.evaluate("""() => {
            const {panel, answer} = document.getElementById('kiosk').dataset;
            return {panel, answer: answer || '', text: document.querySelector('main').innerText};
        }""")

    def traces_of(self, people):
        """Return the last names of those of whom there is anything in the page, its storage or its history."""
        traces = self.page.evaluate(_TRACES)
        return [person['last_name'] for person in people if person['last_name'] in traces]
