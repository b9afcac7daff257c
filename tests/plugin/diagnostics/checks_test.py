"""What `indico checkin-print doctor` says: each check with facts, and all of them on a real database."""

import json

import pytest
from click.testing import CliRunner

from indico.util.date_time import now_utc

from indico_checkin_print import heartbeat
from indico_checkin_print.cli import cli
from indico_checkin_print.diagnostics import checks, facts
from indico_checkin_print.diagnostics.findings import OK, WARN, WRONG, Answer, LastBeat, Pile
from indico_checkin_print.models.missed import MissedCheckin


RELAY = Answer(401, {'error': 'unknown_token'})
HEALTHY = Answer(200, {'database': True, 'agents': 3})
NGINX = Answer(502)
NOBODY = Answer(error='ConnectionError')


@pytest.mark.parametrize(('finding', 'level', 'words'), [
    (checks.check_database('16.2', '', 'abc', 'abc'), OK, 'PostgreSQL 16.2'),
    (checks.check_database('', 'OperationalError', None, None), WRONG, 'SQLALCHEMY_DATABASE_URI'),
    (checks.check_database('16.2', '', None, 'abc'), WRONG, 'do not exist. Run "indico db'),
    (checks.check_database('16.2', '', 'abc', 'def'), WRONG, 'revision abc, the plugin needs def'),
    (checks.check_clock(-1.2), OK, 'same'),
    (checks.check_clock(-3), WARN, '3.0 s behind'),
    (checks.check_clock(31), WRONG, '31.0 s ahead of'),
    (checks.check_broker(''), OK, ''),
    (checks.check_broker('OperationalError'), WRONG, 'Redis'),
    (checks.check_worker(['celery@a'], broker_answers=True), OK, 'celery@a'),
    (checks.check_worker([], broker_answers=True), WRONG, 'systemctl start indico-celery'),
    (checks.check_worker([], broker_answers=False), WARN, 'while the broker'),
    (checks.check_beat(LastBeat(14), worker_answers=True), OK, '14 s ago'),
    (checks.check_beat(LastBeat(300), worker_answers=True), WRONG, '5 min ago. The worker answers, so beat is missing'),
    (checks.check_beat(None, worker_answers=False), WRONG, 'never swept'),
    (checks.check_relay({}, {}), WARN, 'Everything works without one'),
    (checks.check_relay({'a:1': LastBeat(2)}, {'a:1': HEALTHY}), OK, 'a:1, 3 agents connected'),
    (checks.check_relay({'b:1': LastBeat(2)}, {}), OK, 'Running: b:1'),
    (checks.check_relay({'a:1': LastBeat(200)}, {}), WRONG, 'last heard of 3 min ago. Start it'),
    (checks.check_relay({'a:1': LastBeat(2)}, {'a:1': Answer(503, {'database': False})}), WRONG, 'PgBouncer'),
    (checks.check_relay({'a:1': LastBeat(2)}, {'a:1': NOBODY}), WRONG, 'answers ConnectionError.'),
    (checks.check_relay({'a:1': LastBeat(2), 'b:1': LastBeat(999)}, {'a:1': HEALTHY}), WARN,
     'Not heard of any more: b:1'),
    (checks.check_relay_url('wss://x.org/ws', 'https://x.org', RELAY, wanted=True), OK, 'leads to the relay'),
    (checks.check_relay_url('ws://x.org/ws', 'https://x.org', RELAY, wanted=True), WRONG, 'not encrypted'),
    (checks.check_relay_url('ws://x.org/ws', 'http://x.org', RELAY, wanted=True), OK, ''),
    (checks.check_relay_url('https://x.org/ws', 'https://x.org', RELAY, wanted=True), WRONG, 'must begin with wss://'),
    (checks.check_relay_url(8630, 'https://x.org', NOBODY, wanted=True), WRONG, '8630 is no websocket address'),
    (checks.check_relay_url('wss:///ws', 'https://x.org', RELAY, wanted=True), WRONG, 'no websocket address'),
    (checks.check_relay_url('wss://x.org/ws', 'https://x.org', NGINX, wanted=True), WRONG, 'answers 502'),
    (checks.check_relay_url('wss://x.org/ws', 'https://x.org', Answer(404), wanted=True), WRONG, 'location in nginx'),
    (checks.check_relay_url('wss://x.org/ws', 'https://x.org', NOBODY, wanted=True), WRONG, 'does not answer'),
    (checks.check_relay_url('wss://x.org/ws', 'https://x.org', NOBODY, wanted=False), WARN, 'no relay runs'),
    (checks.check_fonts([]), OK, ''),
    (checks.check_fonts(['LinLibertine_Rah.ttf']), WRONG, 'LinLibertine_Rah.ttf'),
    (checks.check_scripts({}, ''), OK, 'fonts for all'),
    (checks.check_scripts({5: {'Thaa': 'ހށނރބ', 'Hani': '𠀀'}}, '"apt install x" as root'), WRONG,
     'event 5: Thaana (U+0780 U+0781 U+0782 and 2 more), Han (U+20000). Install fonts on each machine'),
    (checks.check_templates(2, []), OK, '2 forms print'),
    (checks.check_templates(2, [(1, 5, 'It is gone.')]), WRONG, 'forms cannot print. event 1, form 5: It is gone.'),
    (checks.check_networks([]), OK, 'Public addresses only'),
    (checks.check_networks(['10.20.0.0/16']), OK, '10.20.0.0/16'),
    (checks.check_networks(['10.0.0.0/8', '10.20.0.0/16']), WARN, 'Very wide: 10.0.0.0/8.'),
    (checks.check_networks(['::/0']), WARN, 'Very wide'),
    (checks.check_networks(['127.0.0.1']), WARN, 'this server itself'),
    (checks.check_networks(['127.0.0.0/8', '::1']), WARN, 'this server itself (127.0.0.0/8, ::1/128)'),
    (checks.check_networks(['10.20.0.1/16']), WRONG, "'10.20.0.1/16' is not a network"),
    (checks.check_networks(7), WRONG, 'cannot be read'),
    (checks.check_signing(0, 'No key.', '', None), OK, 'No event'),
    (checks.check_signing(2, 'No key.', '', None), WRONG, 'none of theirs can be made. No key.'),
    (checks.check_signing(2, '', 'CN=Committee', 59), WARN, '(CN=Committee) ends in 59 days'),
    (checks.check_signing(0, '', 'CN=Committee', 60), OK, 'CN=Committee, valid for 60 days'),
    (checks.check_settings(''), OK, ''),
    (checks.check_settings('It is nonsense.'), WRONG, 'nonsense'),
    (checks.check_jobs(Pile(), Pile(), Pile(3, 20)), OK, '3 wait'),
    (checks.check_jobs(Pile(), Pile(), Pile(3, 400)), WARN, 'since 7 min'),
    (checks.check_jobs(Pile(4, 90), Pile(), Pile()), WRONG, '4 badges wait to be made, the oldest was due 90 s ago'),
    (checks.check_jobs(Pile(4, 90), Pile(1, 7300), Pile()), WRONG, 'recovered, the oldest 2 h ago'),
    (checks.check_posts(1, 1, Pile()), OK, 'The relay makes them'),
    (checks.check_posts(0, 0, Pile()), OK, 'One Celery worker at a time'),
    (checks.check_posts(1, 0, Pile()), WRONG, 'does not make POSTs'),
    (checks.check_posts(1, 1, Pile(2, 90)), WRONG, '2 messages to webhooks were not sent, the oldest was due 90 s ago'),
    (checks.check_missed(Pile()), OK, ''),
    (checks.check_missed(Pile(1, 200000)), WRONG, 'the oldest 2 days ago'),
    (checks.check_webhooks(2, [], []), OK, '2, all'),
    (checks.check_webhooks(0, [], []), OK, 'None in use'),
    (checks.check_webhooks(2, [(1, 7)], []), WARN, '7 of event 1'),
    (checks.check_webhooks(2, [(1, 7)], [(1, 8, 130)]), WARN, '8 of event 1 since 2 min'),
    (checks.check_prepared(0, 5_000_000, []), OK, '0 of 5 MB'),
    (checks.check_prepared(0, 0, []), OK, 'No badges are made before'),
    (checks.check_prepared(5_000_000, 5_000_000, [7]), WARN, 'PREPARED_MB sets'),
    (checks.check_prepared(2_000_000, 5_000_000, [7, 8]), WARN, 'event 7, 8'),
    (checks.check_purge(None), WARN, 'not run yet'),
    (checks.check_purge(LastBeat(3600 * 20, 'jobs 3')), OK, 'jobs 3'),
    (checks.check_purge(LastBeat(3600 * 30)), WARN, '30 h ago'),
])
def test_checks(finding, level, words):
    assert finding.level == level
    assert words in finding.words


@pytest.fixture
def examine(app, db, mocker, form):
    """Return a function that runs the doctor beside a broker, a worker and a relay, and returns levels by name."""
    mocker.patch.object(facts, '_broker_error', return_value='')
    mocker.patch.object(facts, '_workers', return_value=['celery@test'])
    mocker.patch.object(facts, '_get',
                        side_effect=lambda url: HEALTHY if url.endswith('/healthz') else RELAY)
    # the tests' tables come from the models
    db.session.execute('CREATE TABLE public.alembic_version_plugin_checkin_print AS '
                       "SELECT '4f1c9a7be203'::varchar AS version_num")
    heartbeat.beat(heartbeat.CELERY)
    heartbeat.beat(heartbeat.PURGE)
    heartbeat.beat(f'{heartbeat.RELAY}{heartbeat.machine()}:8630', '127.0.0.1:8630')
    heartbeat.beat(f'{heartbeat.POSTS}{heartbeat.machine()}:8630')

    def _examine():
        db.session.flush()
        result = CliRunner().invoke(cli, ['doctor', '--json'])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        answer = json.loads(result.output)
        assert result.exit_code == (0 if answer['ok'] else 1)
        return {check['name']: (check['level'], check['message' if 'message' in check else 'words'])
                for check in answer['checks']}
    return _examine


def test_a_healthy_installation(examine):
    findings = examine()
    assert {name for name, (level, __) in findings.items() if level != OK} == set(), findings
    assert len(findings) == 20


def test_for_people(examine, db):
    output = CliRunner().invoke(cli, ['doctor']).output.splitlines()
    assert len(output) == 20
    assert all(line.startswith('OK     ') for line in output)


def test_a_template_cannot_be_drawn(examine, form, create_template):
    form.template = create_template(items=[{'type': 'full_name', 'nonsense': True}])
    level, words = examine()['templates']
    assert level == WRONG
    assert f'event {form.registration_form.event_id}, form {form.registration_form_id}: ' in words
    form.registration_form.event.is_deleted = True
    assert examine()['templates'][0] == OK


def test_a_template_is_gone(examine, form):
    """Another one prints in its place."""
    form.template = None
    assert examine()['templates'][0] == OK


def test_what_people_are_called(examine, create_reg, form):
    """Characters for private use are in no font; those of a form that does not print do not matter."""
    create_reg('Zoë 王', 'محمد हिन्दी 😀')
    assert examine()['scripts'][0] == OK
    create_reg('Zo\ue000ë', '\ue001')
    level, words = examine()['scripts']
    assert level == WRONG
    assert f'event {form.registration_form.event_id}: Signs (U+E000 U+E001)' in words
    form.enabled = False
    assert examine()['scripts'][0] == OK


def test_what_waits_and_what_was_missed(examine, check_in, reg, db, webhook):
    check_in(reg)
    db.session.execute("UPDATE plugin_checkin_print.jobs SET next_try_dt = next_try_dt - interval '5 min'")
    db.session.add(MissedCheckin(registration_id=reg.id, checked_in_dt=now_utc(), source='app', attempts=2))
    webhook.enabled = False
    findings = examine()
    assert findings['jobs'][0] == WRONG
    assert '1 check-ins could not be recorded' in findings['check-ins'][1]
    assert findings['webhooks'][0] == WARN
    webhook.enabled, webhook.opened_dt = True, now_utc()
    assert 'only tried now and then' in examine()['webhooks'][1]


def test_no_tables(examine, db):
    db.session.execute('DROP TABLE public.alembic_version_plugin_checkin_print')
    findings = examine()
    assert findings['database'][0] == WRONG
    assert 'jobs' not in findings
