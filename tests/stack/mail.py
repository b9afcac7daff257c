"""A mail server that keeps each e-mail and when it came, has faults, and a way to have Indico's Celery send one."""

import asyncio
import email
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default as policy
from uuid import uuid4

from aiosmtpd.controller import Controller
from celery import Celery

from tests.stack.process import free_port


#: In seconds
SLOW = 1.5


@dataclass(frozen=True)
class Received:
    """An e-mail that the server has taken, or may have: the sender has got no answer."""

    to: str
    message: EmailMessage
    answered: bool = True


class Mail:
    """The server, in a thread of this process.

    ``faults`` says what is wrong with some recipients: ``later`` (451, to the first try), ``never`` (550), ``spam``
    (554 to the text), ``drop`` (the connection ends in place of an answer to the text) or ``slow`` (an answer takes
    `SLOW`).

    :param redis: The `Redis` that is the broker of Indico's Celery.
    """

    def __init__(self, redis):
        self.port = free_port()
        self._redis = redis
        self._controller = None
        #: subject -> when it was asked for, and when it came, in seconds since 1970
        self.asked, self.came = {}, {}
        #: What it got, in order
        self.received = []
        self.faults = {}
        self._put_off = set()

    def start(self):
        self._controller = Controller(self, hostname='127.0.0.1', port=self.port)
        self._controller.start()
        self._celery = Celery(broker=self._redis.url(0))

    def stop(self):
        if self._controller is not None:
            self._controller.stop()

    def ask(self):
        """Have an e-mail sent as Indico's pages do it: by the task of its own."""
        subject = uuid4().hex
        self.asked[subject] = time.time()
        self._celery.send_task('send_email', serializer='pickle', ignore_result=True, args=[{
            'to': {'somebody@people.example'}, 'cc': set(), 'bcc': set(), 'reply_to': set(),
            'from': 'noreply@indico.example', 'subject': subject, 'body': 'Hello', 'html': False, 'attachments': [],
            'alternatives': []}])

    def waits(self):
        """Return how long each e-mail took, in seconds; one that has not come yet has taken until now."""
        return [self.came.get(subject, time.time()) - asked for subject, asked in self.asked.items()]

    async def handle_RCPT(self, server, session, envelope, address, options):
        fault = self.faults.get(address)
        if fault == 'never':
            return '550 Nobody has this address'
        if fault == 'later' and address not in self._put_off:
            self._put_off.add(address)
            return '451 Greylisted, try later'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        fault = self.faults.get(to)
        if fault == 'spam':
            return '554 This is spam'
        if fault == 'slow':
            await asyncio.sleep(SLOW)
        self.received.append(Received(to, email.message_from_bytes(envelope.content, policy=policy), fault != 'drop'))
        if fault == 'drop':
            server.transport.abort()
            return '250 OK'
        text = envelope.content.decode('utf-8', 'replace')
        for subject in list(self.asked):
            if subject in text:
                self.came[subject] = time.time()
        return '250 OK'
