"""A volunteer with Indico's check-in app: the official API, over one connection that is kept open."""

import http.client
import json
import time


class CheckIn:
    """Checks people in at one web server.

    :param stack: The `Stack`, for the event and the volunteer's token.
    :param token: The token of another volunteer or device.
    :param port: The port of another web server on the same database, e.g. one without the plugin.
    """

    def __init__(self, stack, port=None, *, token=None):
        self._seeded = stack.seeded
        self._connection = http.client.HTTPConnection('127.0.0.1', port or stack.indico.port, timeout=60)
        self._headers = {'Authorization': f'Bearer {token or self._seeded["token"]}',
                         'Content-Type': 'application/json'}

    def __call__(self, person, value=True):
        """Check a person in (or out); return how long Indico took to answer, in seconds."""
        took, body = self._patch(person, {'checked_in': value})
        assert body['checked_in'] is value
        return took

    def _patch(self, person, data):
        path = (f'/api/checkin/event/{self._seeded["event"]["id"]}/forms/{person["form_id"]}'
                f'/registrations/{person["id"]}')
        started = time.perf_counter()
        self._connection.request('PATCH', path, json.dumps(data), self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - started
        assert answer.status == 200, f'The check-in answered {answer.status}: {body[:500]!r}'
        return took, json.loads(body)

    def pay(self, person):
        """Enter a payment for a person's registration."""
        self._patch(person, {'paid': True})

    def every(self, people, seconds):
        """Check people in at a steady pace, one every so many seconds; return the answers' times in seconds."""
        # the server has closed it if there was a pause before
        self._connection.close()
        started, took = time.monotonic(), []
        for number, person in enumerate(people):
            time.sleep(max(0, started + number * seconds - time.monotonic()))
            took.append(self(person))
        return took
