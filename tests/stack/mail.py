"""A mail server that keeps the time at which each e-mail came, and a way to have Indico's Celery send one."""

import time
from uuid import uuid4

from aiosmtpd.controller import Controller
from celery import Celery

from tests.stack.process import free_port


class Mail:
    """The server, in a thread of this process.

    :param redis: The `Redis` that is the broker of Indico's Celery.
    """

    def __init__(self, redis):
        self.port = free_port()
        self._redis = redis
        self._controller = None
        #: subject -> when it was asked for, and when it came, in seconds since 1970
        self.asked, self.came = {}, {}

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

    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode('utf-8', 'replace')
        for subject in list(self.asked):
            if subject in text:
                self.came[subject] = time.time()
        return '250 OK'
