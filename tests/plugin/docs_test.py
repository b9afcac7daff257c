"""What the documents say about the plugin is what the code does."""

import re
from pathlib import Path

import click
import pytest

from print_agent.protocol import messages

from indico_checkin_print.agents import outbound
from indico_checkin_print.badge.preflight.findings import FindingKind
from indico_checkin_print.cli import cli
from indico_checkin_print.ledger import states
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.plugin import CheckinPrintPlugin
from indico_checkin_print.reasons import desk
from indico_checkin_print.reasons.codes import SENTENCES
from indico_checkin_print.relay import server
from indico_checkin_print.relay import session as relay_session
from indico_checkin_print.relay.metrics import METRICS


DOCS = Path(__file__).parents[2] / 'docs'


def read(name):
    return (DOCS / name).read_text()


@pytest.mark.parametrize('state', JobState)
def test_states_and_transitions(state):
    row = re.search(rf'^\| `{state.name}` \|.*\| (.*) \|$', read('ledger.md'), re.MULTILINE)
    assert set(re.findall(r'`(\w+)`', row[1])) == {following.name for following in states.TRANSITIONS[state]}


def test_reasons(app_context):
    rows = re.findall(r'^\| `(\w+)` \| (.*) \|$', read('ledger.md').partition('## Reasons')[2], re.MULTILINE)
    assert dict(rows) == {str(reason): str(sentence) for reason, sentence in SENTENCES.items()}


def test_reasons_for_a_desk(app_context):
    rows = re.findall(r'^\| `desk:(\w+)` \| (.*) \|$', read('ledger.md'), re.MULTILINE)
    assert rows == [(str(reason), str(sentence)) for reason, sentence in desk.SENTENCES.items()]


@pytest.mark.parametrize('key', CheckinPrintPlugin.plugin_config_defaults)
def test_settings(key):
    assert f'| `PLUGIN_CHECKIN_PRINT_{key}` |' in read('install.md')


def commands(group, path='indico checkin-print'):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f'{path} {name}')
        else:
            yield f'{path} {name}', command


@pytest.mark.parametrize(('path', 'command'), commands(cli), ids=lambda x: x if isinstance(x, str) else '')
def test_commands(path, command):
    row = re.search(rf'^\| `{path}` \|.*$', read('install.md'), re.MULTILINE)
    assert row
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_eager:
            assert f'`{option.opts[0]}`' in row[0]


@pytest.mark.parametrize(('words', 'seconds'), [
    ('a lease of 30 seconds', states.RENDER_LEASE), ('a lease of 40 seconds', states.POST_LEASE),
    ('`unknown` after 45 seconds', states.PRINT_WITHIN + states.GO_MARGIN),
    ('a badge after 30 minutes', states.EXPIRES_AFTER.total_seconds()),
    ('held after 1 day', states.HELD_EXPIRES_AFTER.total_seconds()),
    ('after 30 days if it waits for the badge desk', states.BADGE_DESK_EXPIRES_AFTER.total_seconds()),
    ('other systems after 4 days', states.DATA_EXPIRES_AFTER.total_seconds()),
])
def test_times(words, seconds):
    assert words in re.sub(r'\s+', ' ', read('ledger.md'))
    number, unit = re.search(r'(\d+) (second|minute|day)', words).groups()
    assert int(number) * {'second': 1, 'minute': 60, 'day': 86400}[unit] == seconds


def test_checks_of_the_doctor():
    source = (DOCS.parent / 'indico_checkin_print' / 'diagnostics' / 'checks.py').read_text()
    table = read('install.md').partition('The doctor checks:')[2].partition('\n\nHow ')[0]
    assert set(re.findall(r'^\| `([^`]+)` \|', table, re.MULTILINE)) == set(re.findall(r"Finding\('([^']+)'", source))


def test_metrics():
    rows = re.findall(r'^\| `(\w+)` \| (gauge|counter|histogram) \| (.*) \|$', read('install.md'), re.MULTILINE)
    assert {name: (kind, words) for name, kind, words in rows} == {
        name: metric[:2] for name, metric in METRICS.items()}


@pytest.mark.parametrize('row', [
    f'by default {server.MAX_AGENTS} |', f'| {messages.MAX_MESSAGE // 1024} KiB |',
    f'| {relay_session.MESSAGE_BURST} at once, then {relay_session.MESSAGE_RATE} a second |',
    f'| {relay_session.MAX_ERRORS} on one',
    f'| {server.CONNECT_BURST} at once, then one in {server.CONNECT_INTERVAL} seconds |',
    f'| {server.UNKNOWN_TOKEN_BURST} at once, then one a second |',
    f'| {relay_session.HEARTBEAT_TIMEOUT} seconds; {server.PING_INTERVAL + server.PING_TIMEOUT} without',
    f'| {outbound.MAX_JOBS_PER_PRINTER} for each printer, {outbound.MAX_JOBS_PER_AGENT} in all |',
])
def test_limits_of_the_relay(row):
    assert row in read('install.md')


def test_findings_of_preflight():
    table = read('manager.md').partition('\n## Preflight\n')[2].partition('\n## ')[0]
    assert re.findall(r'^\| `(\w+)` \|', table, re.MULTILINE) == [str(kind) for kind in FindingKind]
