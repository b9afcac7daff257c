"""Hostile peers of a real agent, a process of its own on a real CUPS: what they cost it, and whether badges print."""

import asyncio
import contextlib
import os
import re
import resource
import signal
import time
from uuid import uuid4

import httpx
import msgspec
import pytest

from print_agent.cli import service_unit
from print_agent.protocol import messages as p
from print_agent.protocol import signing

from tests.fakes.badges import PDF, make_job
from tests.fakes.bombs import content_bomb, xref_bomb
from tests.fakes.indico import pairing_file
from tests.stack import proc
from tests.stack.agent import PrintAgent
from tests.stack.process import free_port


#: What the log may grow by in a flood, in bytes: a line for each of some kinds, and not one for each connection.
MAX_LOG = 20_000
#: What the agent's own memory may grow by while others send bombs, in bytes. Each would take 1 GB.
MAX_GROWTH = 64 * 1024 * 1024
SECRET = signing.new_secret()
WAIT_TIMEOUT = 60


class Siege:
    """The agent, and the Indico that it is paired with."""

    def __init__(self, agent, server, page):
        self.agent = agent
        self.server = server
        self.page = page

    @property
    def pid(self):
        return self.agent.service.pid

    @property
    def log(self):
        return self.agent.service.log.stat().st_size

    def memory(self, pid=None):
        """The most memory that a process ever had, in bytes."""
        return proc.peak_memory(pid or self.pid)

    def children(self):
        return proc.children(self.pid)

    def files(self):
        return proc.count(self.pid, 'fd')

    def tasks(self):
        """Threads of the agent and of the process that reads PDFs, as systemd counts them."""
        return sum(proc.count(pid, 'task') for pid in (self.pid, *self.children()))

    async def print(self, printer, document=PDF):
        """Send a badge with a go; return the message that says how it ended."""
        job = make_job(str(uuid4()), printer=printer, document=document, go=True)
        await self.server.send(job, document)

        def ends():
            return [m for m in self.server.heard if isinstance(m, p.OUTCOMES) and m.job == job.job]
        await self.server.until(ends, WAIT_TIMEOUT)
        return ends()[0]

    async def post(self, document):
        """POST a signed badge to the webhook endpoint."""
        job = make_job(str(uuid4()), document=document)
        delivery = p.Delivery(type='badge.print', timestamp='', data=p.DeliveryData(job=job))
        request = httpx.Request('POST', self.agent.webhook_url('desk1'), files={
            'payload': (None, msgspec.json.encode(delivery), 'application/json'),
            'document': ('badge.pdf', document, 'application/pdf')})
        body = request.read()
        headers = {**signing.headers([SECRET], f'msg_{job.job}', int(time.time()), body),
                   'content-type': request.headers['content-type']}
        async with httpx.AsyncClient(timeout=WAIT_TIMEOUT) as client:
            return await client.post(request.url, content=body, headers=headers)


@pytest.fixture
async def siege(tmp_path, printing, printers, server):
    agent = PrintAgent('besieged', tmp_path, printing, ['desk1', 'desk2'], secrets={'desk1': SECRET}, mode='stream')
    page = free_port()
    with (agent.folder / 'agent.toml').open('a') as conf:
        conf.write(f'[page]\nport = {page}\n[printers.desk2]\norientation = 180\n')
    pairing_file(agent.folder / 'pairings', server.url)
    await asyncio.to_thread(agent.start)
    try:
        await server.until(lambda: server.now and server.hellos, WAIT_TIMEOUT)
        yield Siege(agent, server, page)
    finally:
        await asyncio.to_thread(agent.stop)


async def test_limits_of_the_service_on_an_ordinary_day(siege):
    """Two printers and a webhook, the process that reads PDFs included."""
    files, tasks = [], []
    for _ in range(10):
        printing = [asyncio.create_task(siege.print(name)) for name in ('desk1', 'desk2')]
        while not all(task.done() for task in printing):
            files.append(siege.files())
            tasks.append(siege.tasks())
            await asyncio.sleep(0.02)
        assert [type(task.result()) for task in printing] == [p.Completed] * 2
    (reader,) = siege.children()
    memory = siege.memory() + siege.memory(reader)
    print(f'agent {siege.memory() / 1e6:.0f} MB, PDFs {siege.memory(reader) / 1e6:.0f} MB, {max(files)} files, '
          f'{max(tasks)} threads')
    assert int(service_unit.MAX_MEMORY.removesuffix('G')) * 1024 ** 3 > 3 * memory
    assert 3 * max(files) < service_unit.OPEN_FILES
    assert 3 * max(tasks) < service_unit.MAX_TASKS


async def test_bombs_take_none_of_its_memory_and_the_next_badge_prints(siege):
    assert isinstance(await siege.print('desk2'), p.Completed)
    before = siege.memory()
    for end in (await siege.print('desk1', xref_bomb()), await siege.print('desk2', content_bomb())):
        assert (type(end), end.reason) in {(p.Refused, 'bad_pdf'), (p.Failed, 'layout_failed')}
        # the one or the other, on a busy machine
        assert re.search('It takes too (much memory|long) to read', end.detail)
    answer = await siege.post(xref_bomb())
    assert (answer.status_code, answer.json()['error']) == (422, 'bad_pdf')
    for name in ('desk1', 'desk2'):
        assert isinstance(await siege.print(name), p.Completed)
    assert siege.memory() - before < MAX_GROWTH


async def test_nothing_left_to_check_a_badge(siege):
    """The limit of files stands for all: no other one binds root, as whom these tests may run."""
    assert isinstance(await siege.print('desk1'), p.Completed)
    (reader,) = siege.children()
    os.kill(reader, signal.SIGKILL)
    before = resource.prlimit(siege.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(siege.pid, resource.RLIMIT_NOFILE, (8, before[1]))
    end = await siege.print('desk1')
    assert (type(end), end.reason) == (p.Returned, 'overloaded')
    resource.prlimit(siege.pid, resource.RLIMIT_NOFILE, before)
    assert isinstance(await siege.print('desk1'), p.Completed)


async def test_silent_connections_fill_neither_memory_nor_log(siege):
    before, memory = siege.log, siege.memory()
    async with contextlib.AsyncExitStack() as stack:
        for number in range(1000):
            _, writer = await asyncio.open_connection('127.0.0.1', siege.agent.port if number % 2 else siege.page)
            stack.callback(writer.transport.abort)
        assert (await siege.post(PDF)).status_code == 202
        assert isinstance(await siege.print('desk2'), p.Completed)
        await asyncio.sleep(3)
    assert siege.log - before < MAX_LOG
    assert siege.memory() - memory < MAX_GROWTH


async def test_a_thousand_bad_posts_do_not_fill_the_log(siege):
    before = siege.log
    async with httpx.AsyncClient(timeout=WAIT_TIMEOUT) as client:
        for _ in range(1000):
            assert (await client.post(siege.agent.webhook_url('desk1'), content=b'x')).status_code == 400
    assert (await siege.post(PDF)).status_code == 202
    assert siege.log - before < MAX_LOG
