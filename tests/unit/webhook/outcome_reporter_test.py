"""Reports to senders of webhooks: until they are acknowledged, and not for ever."""

import asyncio
import contextlib

import httpx
import msgspec
import pytest

from print_agent.protocol import messages as p
from print_agent.spool.job import State
from print_agent.webhook import outcome_reporter
from print_agent.webhook.outcome_reporter import OutcomeReporter

from tests.fakes.badges import J1, J2, PDF, make_job
from tests.fakes.disk import FullDisk
from tests.fakes.sender import CALLBACK, NEW, Sender


@pytest.fixture
async def sender(tmp_path):
    sender = Sender(tmp_path)
    yield sender
    await sender.close()


async def test_an_outcome_is_delivered_until_it_is_taken(sender, tmp_path):
    sender.answer = 503
    sender.start()
    await sender.post(make_job())
    await sender.until(lambda: len([m for _, m in sender.outcomes if isinstance(m, p.Completed)]) >= 3)
    assert len({i for i, m in sender.outcomes if isinstance(m, p.Completed)}) == 1
    await sender.close()
    restarted = Sender(tmp_path)
    restarted.jobs.restart()
    restarted.start()
    await restarted.until(lambda: not restarted.spool.callbacks())
    assert [type(m) for _, m in restarted.outcomes] == [p.Completed]
    await restarted.close()


async def test_without_a_callback_nothing_is_reported(sender):
    sender.start()
    await sender.post(make_job(), callback='')
    await sender.until(lambda: sender.spool.find('door:desk1', J1).state is State.completed)
    assert sender.spool.unacked('door:desk1') == []
    assert sender.outcomes == []


async def test_a_full_disk_does_not_end_the_reports(sender, monkeypatch):
    sender.start()
    await sender.post(make_job())
    await sender.until(lambda: len(sender.outcomes) == 2)
    sender.answer = 500
    await sender.post(make_job(J2))
    await sender.until(lambda: len(sender.outcomes) > 4)
    disk = FullDisk(sender.spool, monkeypatch)
    sender.answer, before = 200, len(sender.outcomes)
    await sender.until(lambda: len(sender.outcomes) > before + 1)  # heard, but that cannot be noted
    assert not sender.tasks[1].done()
    disk.full = False
    await sender.until(lambda: not sender.spool.callbacks())


async def test_an_address_that_is_none_ends_no_reports(sender):
    """One that an older version let in lies in the spool, so it would end the agent again at each start."""
    reply = await sender.post(make_job(J1), callback='http://[::1')
    assert (reply.status_code, reply.json()['error']) == (422, 'bad_callback')
    assert (await sender.post(make_job(J1), callback='http://:80/x')).status_code == 422
    await sender.jobs.receive('door:desk1', make_job(J1, go=True), PDF, callback='http://[::1')
    sender.start()
    await sender.post(make_job(J2))
    await sender.until(lambda: len(sender.outcomes) == 2)


async def test_a_sender_that_is_gone_gets_no_more_reports(sender):
    sender.answer = 410
    sender.start()
    await sender.post(make_job())
    await sender.until(lambda: any(isinstance(m, p.Completed) for _, m in sender.outcomes))
    await sender.until(lambda: not sender.spool.callbacks())
    assert len([m for _, m in sender.outcomes if isinstance(m, p.Completed)]) == 1


async def test_outcomes_are_dropped_after_a_day(sender, monkeypatch, caplog):
    """An outcome that nobody acknowledges is dropped after a day."""
    monkeypatch.setattr(outcome_reporter, 'MAX_REPORT_AGE', 0.0)
    sender.answer = 503
    sender.start()
    await sender.post(make_job())
    await sender.until(lambda: 'nobody acknowledged its outcome' in caplog.text)
    assert sender.spool.callbacks() == []


@contextlib.asynccontextmanager
async def reporter(sender, secrets, answer):
    """Yield what is POSTed to a sender that answers like this, for a badge that is completed."""
    entry = await sender.jobs.receive('door:desk1', make_job(go=True), PDF, callback=CALLBACK)
    sender.spool.end(entry, State.completed)
    posted = []

    def callback(request):
        posted.append(msgspec.json.decode(request.content, type=p.OutcomeReport).message)
        return answer

    reporting = OutcomeReporter(sender.jobs, secrets, transport=httpx.MockTransport(callback), first_retry=0.01)
    task = asyncio.create_task(reporting.run())
    try:
        yield posted
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_acknowledgement_of_another_job_does_not_count(sender, monkeypatch):
    monkeypatch.setattr(outcome_reporter, 'CHECK_INTERVAL', 0.01)
    other = httpx.Response(200, content=p.encode(p.Ack(job=J2, dispatch=1, state='completed')))
    async with reporter(sender, {'desk1': (NEW,)}, other) as posted:
        await sender.until(lambda: len(posted) > 2)
        assert sender.spool.callbacks()


async def test_any_success_without_an_acknowledgement_counts(sender):
    async with reporter(sender, {'desk1': (NEW,)}, httpx.Response(204)) as posted:
        await sender.until(lambda: not sender.spool.callbacks())
        assert posted == [p.Completed(job=J1, dispatch=1)]


async def test_without_its_endpoint_an_outcome_waits(sender, monkeypatch):
    """It was removed from agent.toml: there is no secret to sign with, but it may come back."""
    monkeypatch.setattr(outcome_reporter, 'CHECK_INTERVAL', 0.01)
    async with reporter(sender, {}, httpx.Response(204)) as posted:
        await asyncio.sleep(0.1)
        assert posted == []
        assert sender.spool.callbacks()
