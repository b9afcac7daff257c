"""Many kiosks that nobody uses: ``python -m tests.stack.many_kiosks URL``; a line on standard input for each, its code.

Each pairs, opens its page and asks from then on what the page asks while it waits for a ticket, as often as the page
does. One line of JSON when all have opened their page, and one when standard input ends: how often they asked, how
often in vain, and how long the answers took, in ms.
"""

import html
import json
import re
import sys
import threading

import requests


HEADERS = {'X-Checkin-Print-Kiosk': '1', 'X-Checkin-Print-Language': 'en_GB'}
TIMEOUT = 15  # seconds, as the page's


class IdleKiosk:
    """A browser with the page of a kiosk, as far as Indico knows it."""

    def __init__(self, url, code):
        self.took = []
        self.failed = 0
        self._url = url
        self._session = requests.Session()
        self._ask('pair', {'code': code}).raise_for_status()
        page = self._session.get(f'{url}/kiosk/', timeout=60).text
        self._every = json.loads(html.unescape(re.search(r'data-page="([^"]+)"', page)[1]))['seconds']['alive']

    def run(self, delay, stop):
        """Ask until it is stopped.

        :param delay: Which part of the interval to wait at first: browsers were not opened at the same moment.
        """
        if stop.wait(delay * self._every):
            return
        while True:
            try:
                answer = self._ask('alive', {})
                self.took.append(answer.elapsed.total_seconds() * 1000)
                self.failed += answer.status_code != 200
            except requests.RequestException:
                self.failed += 1
            if stop.wait(self._every):
                return

    def _ask(self, what, data):
        return self._session.post(f'{self._url}/kiosk/{what}', json=data, headers=HEADERS, timeout=TIMEOUT)


def main():
    codes = []
    while code := sys.stdin.readline().strip():
        codes.append(code)
    kiosks, stop = [IdleKiosk(sys.argv[1], code) for code in codes], threading.Event()
    threads = [threading.Thread(target=kiosk.run, args=(number / len(kiosks), stop))
               for number, kiosk in enumerate(kiosks)]
    for thread in threads:
        thread.start()
    print(json.dumps({'paired': len(kiosks)}), flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    print(json.dumps({'asked': sum(len(kiosk.took) for kiosk in kiosks), 'failed': sum(x.failed for x in kiosks),
                      'ms': sorted(ms for kiosk in kiosks for ms in kiosk.took)}), flush=True)


if __name__ == '__main__':
    main()
