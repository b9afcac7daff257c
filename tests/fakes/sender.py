"""A sender of signed webhooks."""

import asyncio
import time

import httpx
import msgspec

from print_agent.config import Config, WebhookEndpoint
from print_agent.jobs.manager import Jobs
from print_agent.jobs.worker import Worker
from print_agent.protocol import messages as p
from print_agent.protocol import signing
from print_agent.spool.store import Spool
from print_agent.webhook.outcome_reporter import OutcomeReporter
from print_agent.webhook.receiver import Receiver

from tests.fakes.backend import FakeBackend
from tests.fakes.badges import PDF
from tests.fakes.waiting import until


OLD, NEW = signing.new_secret(), signing.new_secret()
CALLBACK = 'https://indico.example.org/api/plugin/checkin-print/outcome/j1'


class Sender:
    """An Indico that POSTs badges and takes outcomes."""

    def __init__(self, tmp_path, secrets=(NEW,)):
        self.spool = Spool(tmp_path / 'spool.sqlite3')
        self.jobs = Jobs(self.spool)
        self.backend = FakeBackend('desk1')
        self.receiver = Receiver(Config(folder=tmp_path, webhook_endpoints=(
            WebhookEndpoint(printer='desk1', secrets=secrets),)), self.jobs)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.receiver.app), base_url='http://desk')
        self.outcomes = []
        self.answer = 200
        self.callbacks = OutcomeReporter(self.jobs, {'desk1': secrets},
                                         transport=httpx.MockTransport(self._callback), first_retry=0.01)
        self.tasks = []

    def start(self):
        self.tasks = [asyncio.create_task(Worker('desk1', self.backend, self.jobs).run()),
                      asyncio.create_task(self.callbacks.run())]

    async def close(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.client.aclose()
        self.spool.close()

    async def post(self, job=None, document=PDF, *, secrets=(NEW,), printer='desk1', now=None, body=None,
                   content_type=None, callback=CALLBACK, message_id='msg_1', kind='badge.print'):
        delivery = p.Delivery(type=kind, timestamp='2026-01-01T00:00:00Z',
                              data=p.DeliveryData(event={'id': 1}, job=job, callback=callback))
        if body is None:
            files = {'payload': (None, p.encode(delivery), 'application/json')}
            if document is not None:
                files['document'] = ('badge.pdf', document, 'application/pdf')
            request = self.client.build_request('POST', '/', files=files)
            body, content_type = request.read(), request.headers['content-type']
        headers = signing.headers(secrets, message_id, int(now or time.time()), body)
        return await self.client.post(f'/print/{printer}', content=body,
                                      headers={**headers, 'content-type': content_type})

    def _callback(self, request):
        assert str(request.url) == CALLBACK
        signing.verify([NEW], request.headers, request.content, now=time.time())
        self.outcomes.append((request.headers['webhook-id'],
                              msgspec.json.decode(request.content, type=p.OutcomeReport).message))
        if self.answer != 200:
            return httpx.Response(self.answer)
        message = self.outcomes[-1][1]
        return httpx.Response(200, content=p.encode(p.Ack(job=message.job, dispatch=message.dispatch, state='x')))

    async def until(self, condition):
        await until(condition)
