"""The scan station in a browser, as tests and scenarios use it: opens it, types tickets, waits for the answers."""

import json

from tests.stack.wedge import Wedge


# When the last key came, and how long after it each answer was on the screen, in ms
_MEASURE = """
    window.answers = [];
    let lastKey = 0;
    document.addEventListener('keydown', event => { lastKey = event.timeStamp; }, true);
    document.addEventListener('DOMContentLoaded', () => {
        const box = document.querySelector('[data-part=answer]');
        if (!box) return;
        new MutationObserver(() => {
            const answer = {answer: box.dataset.answer, word: box.querySelector('[data-part=word]').textContent,
                            name: box.querySelector('[data-part=name]').textContent};
            if (answer.answer === 'kept') return;
            const since = lastKey;
            // after the frame that shows it
            requestAnimationFrame(() => setTimeout(() => {
                window.answers.push({...answer, ms: performance.now() - since});
            }));
        }).observe(box, {attributes: true, attributeFilter: ['data-answer']});
    });
"""


class ScanPage:
    """The page, in a window that is logged in.

    :param page: A page of Playwright.
    """

    def __init__(self, stack, page, layout='us', **wedge):
        self.page = page
        page.add_init_script(_MEASURE)
        page.goto(f'{stack.event_url}/desk/scan/')
        page.wait_for_selector('#scan[data-ready]')
        self._wedge = Wedge(page, layout, **wedge)

    @classmethod
    def open(cls, stack, chromium, login='volunteer'):
        """Log in in a new window, and open the page."""
        page = chromium.new_context(base_url=stack.url, viewport={'width': 1280, 'height': 900}).new_page()
        user = stack.seeded['users'][login]
        page.goto('/login/')
        page.fill('input[name=identifier]', user['login'])
        page.fill('input[name=password]', user['password'])
        page.press('input[name=password]', 'Enter')
        page.wait_for_url(lambda url: '/login' not in url)
        return cls(stack, page)

    def answers(self):
        """Return all answers so far: dicts with ``answer``, ``word``, ``name`` and ``ms`` since the last key."""
        return self.page.evaluate('window.answers')

    def type(self, code):
        """Type a code, and do not wait for the answer."""
        self._wedge(code)

    def scan(self, code):
        """Type a code; return its answer."""
        count = len(self.answers())
        self.type(code)
        return self.wait(count + 1)[-1]

    def wait(self, count):
        """Wait until there are so many answers; return them."""
        self.page.wait_for_function(f'window.answers.length >= {count}')
        return self.answers()


def tickets(stack, people, *, server=None):
    """Return the codes of people's tickets, as Indico makes them.

    :param server: The address in them, if not that of this Indico.
    """
    server = server or stack.url
    ids = ', '.join(str(person['id']) for person in people)
    rows = stack.postgres.sql('indico', f"""
        SELECT id, encode(uuid_send(ticket_uuid), 'base64') FROM event_registration.registrations WHERE id IN ({ids})
    """)
    uuids = dict(row.split('\t') for row in rows)
    return [json.dumps({'i': [2, server.removeprefix('https://'), uuids[str(person['id'])]]}, separators=(',', ':'))
            for person in people]
