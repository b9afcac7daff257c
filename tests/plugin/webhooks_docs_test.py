"""What docs/webhooks.md says is so; its receiver is run against a real delivery."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import msgspec
import pytest

from indico_checkin_print.delivery import breaker
from indico_checkin_print.delivery import deliver as deliver_module
from indico_checkin_print.delivery import notify, post, retry
from indico_checkin_print.messages.payload import FIELDS
from indico_checkin_print.messages.schema import schema
from indico_checkin_print.messages.webhook import MESSAGES, Badge, EventData, PrinterData
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.settings import parse_networks
from indico_checkin_print.work.worker import post_waiting, render_waiting
from tests.plugin.conftest import SECRET


TEXT = (Path(__file__).parents[2] / 'docs' / 'webhooks.md').read_text()
PLAIN = re.sub(r'\s+', ' ', TEXT)


@pytest.fixture
def receiver(tmp_path, webhook, mocker):
    """The receiver of the document, as a process; yields a function that returns its lines so far."""
    code = re.search(r'```python\n(.*?)```', TEXT, re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 22
    (tmp_path / 'receiver.py').write_text(code)
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port = sock.getsockname()[1]
    mocker.patch.object(deliver_module, 'allowed_networks', return_value=parse_networks('127.0.0.1'))
    webhook.url = f'http://127.0.0.1:{port}/'
    out = (tmp_path / 'out').open('w+b')
    process = subprocess.Popen([sys.executable, 'receiver.py'], cwd=tmp_path, stdout=out,
                               env={**os.environ, 'WEBHOOK_SECRET': SECRET, 'PORT': str(port)})
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as sock:
            if sock.connect_ex(('127.0.0.1', port)) == 0:
                break
        time.sleep(0.05)
    yield lambda: (tmp_path / 'out').read_bytes().decode().splitlines()
    process.kill()
    process.wait()


@pytest.mark.parametrize('send_badge', [False, True])
def test_the_receiver(db, check_in, reg, webhook, receiver, dummy_user, send_badge):
    from indico_checkin_print import ledger
    webhook.send_badge = send_badge
    job = next(j for j in check_in(reg) if j.webhook_id)
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    db.session.refresh(job)
    assert job.state == JobState.sent, job.detail
    line, = receiver()
    assert line.startswith('multipart/form-data' if send_badge else 'application/json')
    assert ('badge.print' if send_badge else 'registration.checked_in') in line
    # the same message: taken, and not printed again
    ledger.resend(job, dummy_user)
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    assert [a.status for a in Attempt.query] == [204, 204]
    assert len(receiver()) == 1


def test_the_receiver_refuses_another_secret(db, check_in, reg, webhook, receiver):
    from indico_checkin_print.credentials import seal
    webhook.secrets = [seal('whsec_' + 'QkJC' * 8)]
    check_in(reg)
    assert post_waiting('test')[0] == 1
    assert Attempt.query.one().status == 401
    assert receiver() == []


def test_the_examples_fit_the_schema():
    examples = [json.loads(x) for x in re.findall(r'```json\n(.*?)```', TEXT, re.DOTALL)]
    assert {x['type'] for x in examples} == {'registration.checked_in', 'badge.print', 'badge.failed',
                                              'printer.stopped'}
    for example in examples:
        jsonschema.validate(example, schema())


def test_every_type_and_field():
    assert set(re.findall(r'^\| `([a-z]+\.[a-z_]+)` \|', TEXT, re.MULTILINE)) == {
        message.__struct_config__.tag for message in MESSAGES}
    for key in (*FIELDS, 'fields'):
        assert re.search(rf'^\| .*`{key}`.* \|', TEXT, re.MULTILINE), key


def answers(verdict):
    return {status for status in range(100, 600) if retry.verdict(status) == verdict}


def names_in_table(heading):
    """Return what the first column of the table with this heading names."""
    table = TEXT.partition(heading)[2].partition('\n\n')[0]
    return {name for row in re.findall(r'^\| (`[a-z`, ]+) \|', table, re.MULTILINE)
            for name in re.findall(r'`(\w+)`', row)}


def test_every_field_of_a_badge():
    assert names_in_table('field of `badge`') == {field.name for field in msgspec.structs.fields(Badge)}


def test_every_field_about_an_agent_or_printer():
    ours = {field.name for field in msgspec.structs.fields(PrinterData)}
    assert names_in_table('field about an agent') == ours - {field.name for field in msgspec.structs.fields(EventData)}


@pytest.mark.parametrize(('words', 'verdict'), [
    ('400, 413, 415, 422', 'permanent'), ('410', 'gone'), ('429, 502, 503, 504', 'throttled')])
def test_what_answers_mean(words, verdict):
    row = re.search(rf'^\| {words} \|', TEXT, re.MULTILINE)
    assert row
    assert {int(x) for x in words.split(', ')} == answers(verdict)


def test_numbers():
    badge = ', '.join(map(str, retry.BADGE_SCHEDULE[1:]))
    assert f'| at once, {badge}, then every {retry.BADGE_INTERVAL} |' in TEXT
    assert f'| at once, {", ".join(map(str, retry.DATA_SCHEDULE[1:]))} |' in TEXT
    assert f'up to {retry.JITTER:.0%}'.replace('%', ' %') in PLAIN
    assert f'After {breaker.POLICIES["data"].threshold} failures in a row' in PLAIN
    for kind in ('badge', 'data'):
        assert f'after {breaker.POLICIES[kind].first} seconds' in PLAIN
        assert f'up to {breaker.POLICIES[kind].longest}' in PLAIN
    assert notify.MIN_EMAIL_INTERVAL.total_seconds() == 3600
    assert 'one in an hour' in PLAIN
    assert f'first {post.MAX_SNIPPET} characters' in PLAIN
    for status in post.UNSURE:
        assert str(status) in PLAIN.partition('Indico does not say *failed*')[0][-200:]
