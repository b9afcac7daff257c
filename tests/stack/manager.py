"""An event manager with a browser, as far as a scenario needs one: logs in, and sends the forms of Indico's pages."""

import re

import requests


#: The ways of check-in that print unless the event says otherwise
DEFAULT_WAYS = ('app', 'scan', 'kiosk', 'list', 'bulk', 'api', 'walk_in')


def set_rules(manager, ways, *, badge_desk=False, edits=('text', 'printer', 'copies'), **others):
    """Save the dialog *When to print* as a `Manager`: everything else as an event has it that never saved it.

    :param ways: The ways of check-in that print.
    :param edits: What volunteers may change for one print.
    :param badge_desk: Whether who is checked in by another way gets the badge at the badge desk.
    """
    rules = {'unpaid': 'hold', 'reprint': 'hold', 'nameless': 'hold', 'missing_glyphs': 'hold', 'language': 'event',
             'smallest_text': '6', 'bulk_limit': '20', 'qr_level': 'medium'} | others
    answer = manager.post('/manage/checkin-print/when', [
        *rules.items(), *(('sources', way) for way in ways), *(('edits', edit) for edit in edits),
        *[('badge_desk', 'y')] * badge_desk])
    assert answer.json().get('success'), answer.text


class Manager:
    """A logged-in user of Indico's pages.

    :param login: Who, by the key of ``users`` in what the seed printed.
    """

    def __init__(self, stack, login='manager'):
        self._stack = stack
        self._session = requests.Session()
        user = stack.seeded['users'][login]
        page = self._session.get(f'{stack.url}/login/', timeout=60)
        answer = self._session.post(f'{stack.url}/login/', timeout=60, data={
            'identifier': user['login'], 'password': user['password'], '_provider': 'indico',
            'csrf_token': self._token(page.text)})
        assert '/login' not in answer.url, 'The manager could not log in.'

    @staticmethod
    def _token(html):
        return re.search(r'id="csrf-token"[^>]*content="([^"]+)"', html)[1]

    def get(self, path):
        """Return the HTML of a page below the event."""
        answer = self._session.get(self._stack.event_url + path, timeout=60)
        assert answer.status_code == 200, f'{path} answered {answer.status_code}: {answer.text[:300]}'
        return answer.text

    def post(self, path, data=()):
        """POST a form to a page below the event, e.g. ``/manage/...``; return the answer."""
        token = self._token(self.get('/manage/'))
        # the pages want it in the header, Indico's forms among their fields
        fields = [*(data.items() if isinstance(data, dict) else data), ('csrf_token', token)]
        answer = self._session.post(self._stack.event_url + path, data=fields, timeout=120,
                                    headers={'X-CSRF-Token': token, 'X-Requested-With': 'XMLHttpRequest'})
        assert answer.status_code == 200, f'{path} answered {answer.status_code}: {answer.text[:300]}'
        return answer

    def upload(self, path, name, content):
        """POST a file to a page below the event; return the answer."""
        token = self._token(self.get('/manage/'))
        answer = self._session.post(self._stack.event_url + path, files={'file': (name, content)}, timeout=120,
                                    headers={'X-CSRF-Token': token, 'X-Requested-With': 'XMLHttpRequest'})
        assert answer.status_code == 200, f'{path} answered {answer.status_code}: {answer.text[:300]}'
        return answer.json()

    def post_json(self, path, data):
        """POST JSON to a page below the event, as Indico's React components do; return the answer, whatever it is."""
        token = self._token(self.get('/desk/'))
        return self._session.post(self._stack.event_url + path, json=data, timeout=120,
                                  headers={'X-CSRF-Token': token, 'X-Requested-With': 'XMLHttpRequest'})

    def check_in_all(self, people):
        """Check people of one form in at once, with the button of the participant list."""
        form_id, = {person['form_id'] for person in people}
        self.post(f'/manage/registration/{form_id}/registrations/check-in',
                  [('flag', '1'), *(('registration_id', person['id']) for person in people)])
