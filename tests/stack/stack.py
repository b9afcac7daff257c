"""The whole stack in one object: starts everything in parallel, hands out what is in it, ends everything."""

import contextlib
import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from tests.stack.agent import PrintAgent
from tests.stack.folder import run_folder
from tests.stack.indico import Indico
from tests.stack.nginx import Nginx
from tests.stack.postgres import Postgres
from tests.stack.printing import Printing
from tests.stack.process import DEADLY, die_with_signals, free_port, wait_until
from tests.stack.redis import Redis


@dataclass(frozen=True)
class Wanted:
    """What the stack shall look like."""

    #: Number of desks; each has its own agent (``laptop1``...) and printer (``desk1``...)
    desks: int = 2
    #: Whether each desk may also use the printers of the others, after its own
    shared: bool = False
    #: How badges reach a desk: ``websocket``, ``poll`` or ``webhook``
    way: str = 'websocket'
    #: What prints: ``badge`` or ``ticket``
    kind: str = 'badge'
    #: The badge: ``badge`` (96 x 134 mm) or ``label`` (90 x 55 mm)
    template: str = 'badge'
    #: Whether the forms print on check-in
    enabled: bool = True
    registrations: int = 300
    #: (given name, family name, affiliation, country) of all people, if they are others than those of `names`
    people: tuple = ()
    #: How many phones the volunteer's account has with Indico's check-in app on it
    app_tokens: int = 0
    #: Whether the event is one morning in Tokyo, in French, with its date and the price on the badge
    one_day: bool = False
    #: Whether the relay runs
    relay: bool = True
    #: How many relays; more than one stand behind nginx
    relays: int = 1
    #: The address they listen on
    relay_host: str = '127.0.0.1'
    #: Whether there is a mail server, which keeps what it gets
    mail: bool = False
    #: More lines for ``indico.conf``
    conf: str = ''


class Stack:
    """PostgreSQL, Redis, Indico with the plugin, Celery, relay, CUPS, printers and agents.

    ``seeded`` holds the ids, logins and tokens that ``seed.py`` printed.
    """

    def __init__(self, folder, wanted=None, *, say=None):
        self.wanted = wanted or Wanted()
        self.folder = folder
        self.say = say or (lambda words: None)
        numbers = range(1, self.wanted.desks + 1)
        self.postgres = Postgres(folder)
        self.redis = Redis(folder)
        self.printing = Printing(folder, [f'desk{n}' for n in numbers])
        ports = [free_port() for __ in range(self.wanted.relays)]
        self.nginx = Nginx(folder, ports) if len(ports) > 1 else None
        #: Where agents reach the relays
        self.relay_port = self.nginx.port if self.nginx else ports[0]
        self.mail = None
        if self.wanted.mail:
            # what it needs is in the environment of the server only
            from tests.stack.mail import Mail
            self.mail = Mail(self.redis)
        self.indico = Indico('indico', folder, database=self.postgres.uri('indico'), redis=self.redis,
                             relay_port=self.relay_port if self.wanted.relay else None,
                             smtp_port=self.mail.port if self.mail else 9, conf=self.wanted.conf)
        self.web = self.indico.web()
        self.celery = self.indico.celery()
        self.relays = [self.indico.relay(port, number, host=self.wanted.relay_host)
                       for number, port in enumerate(ports, 1) if self.wanted.relay]
        self.relay = self.relays[0] if self.relays else None
        mode = 'poll' if self.wanted.way == 'poll' else 'auto'
        self.agents = {f'laptop{n}': PrintAgent(f'laptop{n}', folder, self.printing, [f'desk{n}'], mode=mode)
                       for n in numbers}
        self.seeded = None

    @property
    def url(self):
        return self.indico.url

    @property
    def event_url(self):
        return f'{self.url}/event/{self.seeded["event"]["id"]}'

    @property
    def printers(self):
        return self.printing.printers

    def papers(self):
        """Return everything that came out of any printer so far, in order."""
        return self.printing.papers()

    def start(self):
        """Start everything; `say` gets a line for each step, with its seconds."""
        with ThreadPoolExecutor() as pool:
            printing = pool.submit(self._timed, 'CUPS and printers', self.printing.start)
            redis = pool.submit(self._timed, 'Redis', self.redis.start)
            self._timed('PostgreSQL', self.postgres.start)
            self.postgres.create('indico')
            redis.result()
            # Indico takes long to load, so all of its processes load at once; the relay alone looks at tables then
            for service in (self.web, self.celery):
                service.spawn()
            seed = pool.submit(self._timed, f'tables and {self.wanted.registrations} registrations', self.seed)
            wait_until(lambda: seed.done() or self._has_tables(), interval=0.3)
            for relay in self.relays:
                relay.spawn()
            for part in filter(None, (self.nginx, self.mail)):
                part.start()
            seed.result()
            printing.result()
            for service in (self.web, self.celery, *self.relays):
                self._timed(service.name, service.wait)
            self._timed('print agents', lambda: list(pool.map(self._start_agent, self.agents.values())))
        return self

    def _has_tables(self):
        return self.postgres.sql('indico', "SELECT to_regclass('plugin_checkin_print.jobs')") != ['']

    def seed(self):
        """Fill the database (see ``seed.py``)."""
        desks = []
        for number, agent in enumerate(self.agents.values(), 1):
            queue = f'desk{number}'
            desk = {'name': f'Desk {number}'}
            if self.wanted.way == 'webhook':
                desk['webhook'] = agent.webhook_url(queue)
            else:
                everywhere = [[name, f'desk{n}'] for n, name in enumerate(self.agents, 1)]
                own = everywhere.pop(number - 1)
                desk['printers'] = [own, *everywhere] if self.wanted.shared else [own]
            desks.append(desk)
        output = self.indico.run(sys.executable, '-m', 'tests.stack.seed',
                                 stdin=json.dumps(asdict(self.wanted) | {'desks': desks}))
        self.seeded = json.loads(output.splitlines()[-1])

    def stop(self):
        """End everything that was started, in an order in which nothing has to complain."""
        users = [part for part in (*self.agents.values(), self.nginx, self.mail, *self.relays, self.celery, self.web)
                 if part]
        with ThreadPoolExecutor(len(users)) as pool:
            list(pool.map(_stop, users))
        for part in (self.printing, self.redis, self.postgres):
            _stop(part)

    def tails(self):
        """Return the last lines of every log, for somebody who looks for the reason of a failure."""
        return '\n'.join(f'--- {path.name}\n' + '\n'.join(path.read_text(errors='replace').splitlines()[-15:])
                         for path in sorted(self.folder.glob('*.log')))

    def _start_agent(self, agent):
        number = list(self.agents).index(agent.name) + 1
        if self.wanted.way == 'webhook':
            agent.add_webhooks({f'desk{number}': self.seeded['webhooks'][f'Desk {number}']})
        else:
            agent.pair(self.url, self.seeded['agents'][agent.name])
        agent.start()

    def _timed(self, words, function):
        started = time.monotonic()
        result = function()
        self.say(f'{words} ({time.monotonic() - started:.1f} s)')
        return result


def _stop(part):
    with contextlib.suppress(Exception):
        part.stop()


@contextlib.contextmanager
def running(wanted=None, *, say=None):
    """Start a stack and end it, whatever happens in between.

    >>> with running(Wanted(desks=2)) as stack:
    ...     stack.url
    """
    die_with_signals()
    with run_folder() as folder:
        stack = Stack(folder, wanted, say=say)
        try:
            yield stack.start()
        finally:
            stack.say('ending')
            # an impatient second Ctrl-C, or what follows it, shall not leave half of the services behind
            before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *DEADLY)}
            stack.stop()
            for number, handler in before.items():
                signal.signal(number, handler)
