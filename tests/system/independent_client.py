"""A second print agent, written from docs/protocol.md alone; it prints to memory.

It exists to show that the page is enough to write one, so it shares no code with the print agent. It is not durable:
a real one keeps its jobs on disk, and says ``accepted`` only after that.
"""

import hashlib
import json
import time
import uuid

import requests
from websockets.sync.client import connect


#: A go that may have been on its way for longer counts from the last moment that is certain, in seconds.
MAX_TRANSIT = 10
ENDS = {'completed', 'sent', 'failed', 'unknown', 'returned', 'canceled', 'refused'}
NOT_PRINTED = {'failed', 'returned', 'canceled', 'refused'}


class Client:
    """An agent with one printer, paired by a one-time code."""

    def __init__(self, indico, code, printer):
        answer = requests.post(f'{indico}/api/plugin/checkin-print/pair', timeout=20,
                               json={'code': code, 'software': 'independent/1', 'hostname': 'a-test'})
        answer.raise_for_status()
        self.paired = answer.json()
        self.printer = printer
        self.spool = str(uuid.uuid4())
        #: id -> what is known about a job
        self.jobs = {}
        #: (job, document) of everything that was printed, in order
        self.papers = []
        self.acks = []
        #: Set to a reason to let the printer fail
        self.broken = ''

    @property
    def auth(self):
        return {'Authorization': f'Bearer {self.paired["token"]}'}

    # -- what it says -------------------------------------------------------------------------------------------------

    def hello(self):
        held = [{'job': id_, 'dispatch': job['dispatch'], 'state': job['state']} for id_, job in self.jobs.items()
                if not job['acked'] and job['state'] != 'refused']
        return {'type': 'hello', 'protocol': 1, 'software': 'independent/1', 'spool': self.spool, 'holding': held,
                'printers': [{'name': self.printer, 'state': 'idle', 'reports': True}]}

    def message_of(self, id_, kind=None):
        job = self.jobs[id_]
        extra = {'reason': job['reason']} if job['state'] in {'failed', 'unknown', 'returned', 'refused'} else {}
        return {'type': kind or job['state'], 'job': id_, 'dispatch': job['dispatch'], **({} if kind else extra)}

    def report(self, id_):
        """Everything that says where a job stands."""
        state = self.jobs[id_]['state']
        return ([self.message_of(id_, 'accepted')] if state != 'refused' else []) + (
            [self.message_of(id_)] if state in ENDS or state == 'printing' else [])

    def owed(self):
        return [self.message_of(id_) for id_, job in self.jobs.items() if job['state'] in ENDS and not job['acked']]

    def end(self, id_, state, reason=''):
        self.jobs[id_].update(state=state, reason=reason)
        return [self.message_of(id_)]

    # -- what it hears: each returns what there is to say -------------------------------------------------------------

    def hear(self, message, document, since):
        """Take in one message. `since`: the moment from which a go in it counts."""
        id_, dispatch = message.get('job', ''), message.get('dispatch', 0)
        job = self.jobs.get(id_)
        match message['type']:
            case 'job':
                return self.hear_job(id_, job, message, document, since)
            case 'go':
                if job is None or dispatch > job['dispatch']:
                    return [{'type': 'returned', 'job': id_, 'dispatch': dispatch, 'reason': 'not_here'}]
                if dispatch == job['dispatch'] and job['state'] == 'waiting':
                    job.update(state='go', until=since + message['print_within'])
                    return []
                return self.report(id_) if dispatch == job['dispatch'] else []
            case 'cancel':
                if job is None:
                    return [{'type': 'canceled', 'job': id_, 'dispatch': dispatch}]
                if dispatch < job['dispatch']:
                    return []
                job['dispatch'] = dispatch
                return self.end(id_, 'canceled') if job['state'] in {'waiting', 'go'} else self.report(id_)
            case 'ack':
                self.acks.append(message)
                if job and (dispatch, message['state']) == (job['dispatch'], job['state']):
                    job['acked'] = True
            case 'welcome' | 'drain' | 'error':
                pass
            case kind:
                return [{'type': 'error', 'code': 'unknown_type', 'detail': f'What is {kind[:80]}?'}]
        return []

    def hear_job(self, id_, job, message, document, since):
        go = {'state': 'go' if message['go'] else 'waiting', 'until': since + message['print_within']}
        if job is not None and message['dispatch'] <= job['dispatch']:
            if message['go'] and (message['dispatch'], job['state']) == (job['dispatch'], 'waiting'):
                job.update(go)
        elif job is not None and job['state'] not in {'waiting', 'go', *NOT_PRINTED}:
            job.update(dispatch=message['dispatch'], acked=False)
        else:
            self.jobs[id_] = {**go, 'dispatch': message['dispatch'], 'reason': '', 'acked': False,
                              'expires': since + message['expires_in'], 'document': document}
            if (document is None or len(document) != message['length'] or message['printer'] != self.printer
                    or hashlib.sha256(document).hexdigest() != message['sha256']):
                self.end(id_, 'returned' if document is None else 'refused', 'document_unavailable')
        return self.report(id_)

    # -- its printer --------------------------------------------------------------------------------------------------

    def print(self, say):
        """Print what has a go, in order; return what is too late."""
        for id_, job in list(self.jobs.items()):
            now = time.monotonic()
            if job['state'] in {'waiting', 'go'} and now >= job['expires']:
                say(self.end(id_, 'returned', 'expired'))
            elif job['state'] == 'go' and now >= job['until']:
                say(self.end(id_, 'returned', 'too_late'))
            elif job['state'] == 'go':
                job['state'] = 'printing'
                say([self.message_of(id_)])
                if not self.broken:
                    self.papers.append((id_, job['document']))
                say(self.end(id_, 'failed', self.broken) if self.broken else self.end(id_, 'completed'))

    # -- the two ways -------------------------------------------------------------------------------------------------

    def stream(self, done, seconds=30, *, deaf=False):
        """Talk by websocket until `done()`. `deaf`: the link breaks before an ack is heard."""
        until = time.monotonic() + seconds
        with connect(self.paired['stream'], additional_headers=self.auth, compression=None,
                     max_size=9 * 1024 ** 2) as ws:
            def say(messages):
                for message in messages:
                    ws.send(json.dumps(message))
            certain = beat = time.monotonic()
            say([self.hello()])
            welcome = json.loads(ws.recv(timeout=10))
            assert welcome['type'] == 'welcome', welcome
            say(self.owed())
            while not done() and time.monotonic() < until:
                if time.monotonic() - beat > welcome['heartbeat'] / 2:
                    beat = time.monotonic()
                    say([{'type': 'heartbeat'}])
                try:
                    message = json.loads(ws.recv(timeout=0.5))
                except TimeoutError:
                    # nothing waits to be read, so what comes after the pong is younger than this
                    asked = time.monotonic()
                    if ws.ping().wait(5):
                        certain = asked
                else:
                    now = time.monotonic()
                    document = ws.recv(timeout=10) if message['type'] == 'job' else None
                    if not (deaf and message['type'] == 'ack'):
                        say(self.hear(message, document, now if now - certain <= MAX_TRANSIT else certain))
                self.print(say)

    def poll(self, done, seconds=30):
        """Talk by polling until `done()`."""
        until, news, begins = time.monotonic() + seconds, [], True
        while not done() and time.monotonic() < until:
            sent = time.monotonic()
            body = {'link': self.spool, 'begins': begins, 'hello': self.hello(),
                    'messages': news + [message for message in self.owed() if message not in news]}
            answer = requests.post(self.paired['poll'], json=body, headers=self.auth, timeout=15)
            answer.raise_for_status()
            reply, news, begins = answer.json(), [], False
            for message in reply['messages']:
                news += self.hear(message, self.fetch(message) if message['type'] == 'job' else None, sent)
            self.print(news.extend)
            if not news:
                time.sleep(reply['next_in'])

    def fetch(self, job):
        url = f'{self.paired["document"]}/{job["job"]}/{job["dispatch"]}'
        answer = requests.get(url, headers=self.auth, timeout=15)
        return answer.content if answer.status_code == 200 else None

