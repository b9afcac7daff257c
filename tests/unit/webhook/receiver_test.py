"""The webhook endpoints: who is let in, what is printed, and that outcomes reach the sender."""

import asyncio
import contextlib
import json
import time

import httpx
import pytest
from standardwebhooks import Webhook

from print_agent.config import Config, WebhookEndpoint
from print_agent.jobs import capacity
from print_agent.protocol import messages as p
from print_agent.protocol import signing
from print_agent.spool.job import State
from print_agent.webhook import receiver as receiver_module
from print_agent.webhook.receiver import Receiver

from tests.fakes.badges import J1, J2, J3, PDF, make_job
from tests.fakes.sender import CALLBACK, NEW, OLD, Sender


@pytest.fixture
async def sender(tmp_path):
    sender = Sender(tmp_path)
    yield sender
    await sender.close()


async def test_a_signed_badge_prints_and_its_outcome_is_reported(sender):
    sender.start()
    reply = await sender.post(make_job(printer=''))
    assert (reply.status_code, reply.json()) == (202, {'status': 'go', 'job': J1, 'dispatch': 1})
    await sender.until(lambda: len(sender.outcomes) == 2)
    assert [m for _, m in sender.outcomes] == [p.Printing(job=J1, dispatch=1), p.Completed(job=J1, dispatch=1)]
    assert sender.backend.submitted[0].document == PDF
    await sender.until(lambda: not sender.spool.callbacks())


async def test_it_is_in_the_spool_when_it_is_answered(sender):
    reply = await sender.post(make_job())
    assert reply.status_code == 202
    entry = sender.spool.find('door:desk1', J1)
    assert (entry.state, entry.printer, entry.callback) == (State.go, 'desk1', CALLBACK)


async def test_the_same_post_again_prints_once(sender):
    sender.start()
    replies = await asyncio.gather(*(sender.post(make_job()) for _ in range(5)))
    assert {reply.status_code for reply in replies} == {202}
    await sender.until(lambda: any(isinstance(m, p.Completed) for _, m in sender.outcomes))
    assert (await sender.post(make_job())).json()['status'] == 'completed'
    assert len(sender.backend.submitted) == 1


async def test_the_printer_is_that_of_the_endpoint(sender):
    """The printer is that of the endpoint and not of the sender."""
    await sender.post(make_job(printer='the-directors-printer'))
    assert sender.spool.find('door:desk1', J1).printer == 'desk1'


async def test_the_reference_library_agrees(sender):
    """A body of text signed by the library of the Standard Webhooks project is let in."""
    body = p.encode(p.Delivery(type='test.ping', timestamp='now', data=p.DeliveryData()))
    from datetime import UTC, datetime
    now = datetime.now(UTC)
    signature = Webhook(NEW).sign('msg_1', now, body.decode())
    reply = await sender.client.post('/print/desk1', content=body, headers={
        'content-type': 'application/json', 'webhook-id': 'msg_1', 'webhook-timestamp': str(int(now.timestamp())),
        'webhook-signature': signature})
    assert reply.status_code == 202


async def test_both_secrets_of_a_rotation_are_good(tmp_path):
    sender = Sender(tmp_path, secrets=(NEW, OLD))
    assert (await sender.post(make_job(J1), secrets=(OLD,))).status_code == 202
    assert (await sender.post(make_job(J2), secrets=(NEW,))).status_code == 202
    assert (await sender.post(make_job(J3), secrets=(signing.new_secret(),))).status_code == 401
    await sender.close()


def refused(reply, status, code):
    assert (reply.status_code, reply.json()['error']) == (status, code)
    assert reply.json()['message'].endswith('.')


async def test_strangers_are_not_let_in(sender):
    refused(await sender.post(make_job(), secrets=(OLD,)), 401, 'bad_signature')
    refused(await sender.post(make_job(), now=time.time() - 301), 401, 'stale')
    refused(await sender.post(make_job(), now=time.time() + 301), 401, 'stale')
    refused(await sender.client.post('/print/desk1', content=b'x'), 400, 'missing_header')
    refused(await sender.post(make_job(), printer='nope'), 404, 'unknown_printer')
    refused(await sender.client.get('/print/desk1'), 404, 'not_found')
    refused(await sender.client.post('/'), 404, 'not_found')
    assert sender.spool.open() == []


async def test_a_body_that_was_changed_is_not_let_in(sender):
    body = b'{"type":"test.ping","timestamp":"","data":{}}'
    headers = signing.headers([NEW], 'msg_1', int(time.time()), body)
    reply = await sender.client.post('/print/desk1', content=body.replace(b'ping', b'pong'),
                                     headers={**headers, 'content-type': 'application/json'})
    refused(reply, 401, 'bad_signature')


@pytest.mark.parametrize(('kwargs', 'status', 'code'), [
    ({'document': None}, 400, 'no_document'),
    ({'document': b'%!PS'}, 422, 'wrong_length'),
    ({'body': b'{"type":', 'content_type': 'application/json'}, 422, 'bad_payload'),
    ({'body': b'hello', 'content_type': 'text/plain'}, 400, 'bad_content_type'),
    ({'body': b'hello', 'content_type': 'multipart/form-data'}, 400, 'bad_multipart'),
    ({'body': b'--y\r\nnonsense', 'content_type': 'multipart/form-data; boundary=x'}, 400, 'bad_multipart'),
    ({'body': b'--x--\r\n', 'content_type': 'multipart/form-data; boundary=x'}, 400, 'no_payload'),
    ({'callback': 'file:///etc/passwd'}, 422, 'bad_callback'),
])
async def test_what_cannot_be_used_is_refused_in_words(sender, kwargs, status, code):
    refused(await sender.post(make_job(), **kwargs), status, code)
    assert sender.spool.open() == []
    assert sender.spool.callbacks() == []


async def test_too_much_is_refused_before_it_is_read(sender, monkeypatch):
    monkeypatch.setattr(receiver_module, 'MAX_BODY', 1000)
    read = []

    async def endless():
        for number in range(1000):
            read.append(number)
            yield b'x' * 100

    reply = await sender.client.post('/print/desk1', content=endless())
    refused(reply, 413, 'too_large')
    reply = await sender.client.post('/print/desk1', content=b'x' * 1001)
    refused(reply, 413, 'too_large')


async def test_news_without_a_badge_is_understood_and_ignored(sender):
    reply = await sender.post(None, document=None, kind='test.ping')
    assert (reply.status_code, reply.json()['status']) == (202, 'ignored')
    body = json.dumps({'type': 'registration.checked_in', 'timestamp': '', 'later': 1,
                       'data': {'registration': {'id': 7}}}).encode()
    reply = await sender.post(body=body, content_type='application/json')
    assert (reply.status_code, reply.json()['status']) == (202, 'ignored')


async def test_a_full_spool_asks_to_try_later(sender, monkeypatch):
    monkeypatch.setattr(capacity, 'MAX_HELD', 0)
    refused(await sender.post(make_job()), 503, 'spool_full')
    monkeypatch.setattr(capacity, 'MAX_HELD', 10)
    assert (await sender.post(make_job())).status_code == 202


async def test_a_printer_that_a_person_paused_takes_nothing(sender):
    sender.jobs.paused = lambda printer: printer == 'desk1'
    refused(await sender.post(make_job()), 503, 'paused')
    assert sender.spool.recent() == []
    sender.jobs.paused = lambda _printer: False
    assert (await sender.post(make_job())).status_code == 202


async def test_it_listens_and_stops(tmp_path):
    sender = Sender(tmp_path)
    config = Config(folder=tmp_path, receiver_port=0,
                    webhook_endpoints=(WebhookEndpoint(printer='desk1', secrets=(NEW,)),))
    receiver = Receiver(config, sender.jobs)
    await receiver.start()
    async with httpx.AsyncClient() as client:
        reply = await client.post(f'http://127.0.0.1:{receiver.port}/print/desk1', content=b'')
        assert reply.status_code == 400
        taken = Receiver(Config(folder=tmp_path, receiver_port=receiver.port,
                                webhook_endpoints=config.webhook_endpoints), sender.jobs)
        with pytest.raises(OSError, match='cannot listen'):
            await taken.start()
        url = f'http://127.0.0.1:{receiver.port}/'
        await receiver.stop()
        with pytest.raises(httpx.ConnectError):
            await client.get(url)
    await sender.close()


@contextlib.asynccontextmanager
async def half_a_post(sender):
    config = Config(folder=sender.spool.path.parent, receiver_port=0,
                    webhook_endpoints=(WebhookEndpoint(printer='desk1', secrets=(NEW,)),))
    receiver = Receiver(config, sender.jobs)
    await receiver.start()
    reader, writer = await asyncio.open_connection('127.0.0.1', receiver.port)
    writer.write(b'POST /print/desk1 HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nhalf')
    await writer.drain()
    yield receiver, reader
    writer.close()


async def test_a_body_that_does_not_come(sender, monkeypatch):
    """A body that does not come keeps its place for a while only."""
    monkeypatch.setattr(receiver_module, 'MAX_READ_TIME', 0.05)
    async with half_a_post(sender) as (receiver, reader):
        answer = await asyncio.wait_for(reader.readuntil(b'}'), 30)
        assert answer.startswith(b'HTTP/1.1 408 ')
        assert b'too_slow' in answer
        await receiver.stop()


async def test_a_sender_that_hangs_does_not_hold_up_the_end(sender, monkeypatch):
    monkeypatch.setattr(receiver_module, 'STOP_TIMEOUT', 1)
    async with half_a_post(sender) as (receiver, _):
        await asyncio.sleep(0.2)
        await asyncio.wait_for(receiver.stop(), 20)
