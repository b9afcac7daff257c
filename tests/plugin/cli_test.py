"""The administrator's command line: what it shows, what it changes, and its exit codes."""

import socket
from datetime import timedelta

import pytest
from click.testing import CliRunner

from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.cli import cli
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.work.worker import render_waiting


@pytest.fixture
def run(app, db):
    """Return a function that runs ``indico checkin-print`` and returns its exit code and output."""
    def _run(*args):
        result = CliRunner().invoke(cli, [str(arg) for arg in args])
        db.session.expire_all()
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output
    return _run


@pytest.fixture
def held(db, dummy_event, check_in, reg):
    db.session.add(EventSetup(event_id=dummy_event.id, paused=True))
    job, = check_in(reg)
    return job


def test_list(run, held, reg):
    code, output = run('jobs', 'list')
    assert code == 0
    assert f'| {held.id} ' in output
    assert 'paused' in output
    assert reg.last_name not in output
    assert f'| {held.id} ' not in run('jobs', 'list', '--state', 'failed')[1]
    assert f'| {held.id} ' in run('jobs', 'list', '--event', held.event_id, '--state', 'held')[1]


def test_prepare(run, db, dummy_event, form, create_reg):
    dummy_event.start_dt, dummy_event.end_dt = now_utc(), now_utc() + timedelta(days=1)
    create_reg()
    create_reg('', '')
    db.session.flush()
    code, output = run('prepare', dummy_event.id)
    assert code == 0, output
    assert '1 badges of 2 registrations are ready: 0.0 of 1000 MB.' in output
    assert '1 without: The badge would show no name' in output
    assert run('prepare', 99999) == (1, 'Error: There is no event 99999.\n')


def test_prepare_without_room(run, db, dummy_event, form, reg, configure):
    dummy_event.start_dt, dummy_event.end_dt = now_utc(), now_utc() + timedelta(days=1)
    configure(PREPARED_MB_PER_EVENT=0)
    code, output = run('prepare', dummy_event.id)
    assert code == 1
    assert 'The rest finds no room' in output


def test_show(run, held):
    code, output = run('jobs', 'show', held.id)
    assert code == 0
    assert 'Printing is paused.' in output
    assert run('jobs', 'show', 99999)[0] == 1


def test_release_and_retry(run, held, form, db):
    assert run('jobs', 'retry', held.id)[0] == 1
    assert run('jobs', 'release', held.id)[0] == 0
    assert held.state == JobState.queued
    form.enabled = False
    db.session.flush()
    render_waiting('test')
    assert run('jobs', 'release', held.id)[0] == 1
    assert run('jobs', 'retry', held.id)[0] == 0
    assert held.state == JobState.queued


def test_discard(run, held, agent):
    assert run('jobs', 'discard', held.id)[0] == 0
    assert held.state == JobState.canceled
    code, output = run('jobs', 'discard', held.id)
    assert code == 1
    assert 'it is canceled' in output


def test_purge(run, ready_job, db, configure):
    assert run('purge') == (0, '0 documents, 0 attempts and 0 finished jobs deleted.\n')
    db.session.execute(f"UPDATE plugin_checkin_print.jobs SET state = {JobState.completed}, changed_dt = '2020-01-01'")
    assert run('purge') == (0, '1 documents, 0 attempts and 1 finished jobs deleted.\n')
    configure(KEEP_JOBS_DAYS='never')
    code, output = run('purge')
    assert code == 1
    assert 'KEEP_JOBS_DAYS' in output


def test_sweep(run, check_in, reg):
    job, = check_in(reg)
    code, output = run('sweep')
    assert (code, output) == (0, '0 jobs recovered, 1 rendered, 0 POSTs made.\n')
    assert job.state == JobState.ready
    assert ledger.claim_render('test') is None


@pytest.mark.parametrize('command', ['show', 'retry', 'release', 'discard'])
@pytest.mark.parametrize('number', [0, -1, 'x', 2**63, 10**40])
def test_no_number_of_a_job(run, command, number):
    assert run('jobs', command, '--', number)[0] == 2


@pytest.mark.parametrize('command', ['retry', 'release', 'discard'])
def test_all_or_nothing_if_one_does_not_exist(run, held, command):
    code, output = run('jobs', command, held.id, 2**63 - 1)
    assert code == 1
    assert f'There is no job {2**63 - 1}.' in output
    assert held.state == JobState.held


def test_named_twice(run, held):
    code, output = run('jobs', 'release', held.id, held.id)
    assert code == 0
    assert output == f'Job {held.id}: done.\n'


def test_too_many(run, held):
    code, output = run('jobs', 'release', *range(1, 1002))
    assert code == 1
    assert 'At most 1000 jobs' in output


def test_discard_notifies_the_agent(run, ready_job, agent, db, mocker):
    from indico_checkin_print import cli as module
    notified = mocker.patch.object(module, 'notify_agents')
    ledger.assign(ready_job, agent, 'p1', 'test', go=False)
    db.session.expire_all()
    assert run('jobs', 'discard', ready_job.id)[0] == 0
    notified.assert_called_once_with({agent.id})


@pytest.mark.parametrize('host', ['127.0.0.1', '192.0.2.1', 'nowhere.invalid'])
def test_a_relay_that_cannot_listen_says_so(run, host):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        code, output = run('relay', '--host', host, '--port', port)
    assert code == 1
    assert f'Error: The relay cannot listen on {host}, port {port}: ' in output
