"""Checked in at the entrance, badge at the badge desk: who gets it there, where it comes out, and that it is one."""

from datetime import timedelta

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.util.date_time import now_utc

from indico_checkin_print.desk import badge_desk, own_desk
from indico_checkin_print.management.jobs.rows import seconds_of
from indico_checkin_print.models.choices import BadgeKind, ReprintPolicy, UnpaidPolicy
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.rules import CheckedInBy, Rule, dump


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def rules(db, event, form):
    """People are checked in with the app or a token at the entrance; scan stations and kiosks print."""
    rules = EventSetup(event=event, sources=['scan', 'kiosk'], badge_desk=True)
    db.session.add(rules)
    db.session.flush()
    return rules


@pytest.fixture
def entrance(check_in, rules):
    """Return a function that checks somebody in at the entrance, and returns the badge."""
    def _entrance(registration):
        return check_in(registration)[0]
    return _entrance


def test_the_scan_prints_at_the_own_desk(db, entrance, scan, volunteer, url, code_of, reg, form, desk, user, event):
    mine = Desk(event=event, name='Badges')
    db.session.add(mine)
    db.session.flush()
    own_desk.choose(mine, user)
    badge = entrance(reg)
    when = reg.checked_in_dt
    answer = scan(code_of(reg))
    assert (answer['answer'], answer['word'], answer['tone']) == ('welcome', 'Welcome', 'good')
    assert answer['sentence'].startswith('Checked in at ')
    assert answer['sentence'].endswith('. The badge prints.')
    # nothing was checked in that could be undone
    assert 'checked_in_dt' not in answer
    assert reg.checked_in_dt == when
    assert (Job.query.one(), badge.state, badge.desk, badge.user) == (badge, JobState.queued, mine, user)
    first, last = badge.history
    assert (first.state, first.reason) == (JobState.held, Reason.badge_desk)
    assert (last.state, last.reason, last.detail, last.actor) == (JobState.queued, Reason.scanned, 'desk:volunteer',
                                                                  f'user:{user.id}')
    shown, = volunteer.get(f'{url}/badges/{reg.id}').json['badges']
    assert shown['where'] == 'Badges'
    # the second one
    answer = scan(code_of(reg))
    assert (answer['answer'], answer['sentence']) == ('already_in', 'Nothing was changed.')
    assert Job.query.count() == 1
    assert len(badge.history) == 2


def test_seconds_count_from_the_scan_at_the_badge_desk(db, entrance, scan, code_of, reg, set_job):
    badge = entrance(reg)
    reg.checked_in_dt -= timedelta(hours=2)
    db.session.flush()
    set_job(badge, checked_in_dt=reg.checked_in_dt)
    scan(code_of(reg))
    set_job(badge, state=JobState.completed, changed_dt=now_utc())
    assert seconds_of(badge) < 60


def test_found_by_name(entrance, scan, reg):
    entrance(reg)
    assert scan(registration=reg.id)['answer'] == 'welcome'
    assert Job.query.one().state == JobState.queued


def test_yesterday(db, entrance, scan, code_of, reg, set_job):
    badge = entrance(reg)
    reg.checked_in_dt -= timedelta(days=1)
    db.session.flush()
    set_job(badge, checked_in_dt=reg.checked_in_dt)
    assert scan(code_of(reg))['sentence'].startswith('Checked in on ')


@pytest.mark.parametrize('state', [RegistrationState.withdrawn, RegistrationState.rejected, RegistrationState.pending])
def test_not_complete_any_more(app, db, entrance, scan, code_of, reg, state):
    badge = entrance(reg)
    # without a signal
    reg.state = state
    assert scan(code_of(reg))['answer'] == state.name
    assert badge.state == JobState.held


def test_blocked_since(entrance, scan, code_of, reg):
    badge = entrance(reg)
    with signals.event.is_ticket_blocked.connected_to(lambda registration: True, sender=reg):
        assert scan(code_of(reg))['answer'] == 'blocked'
    assert badge.state == JobState.held


@pytest.mark.parametrize(('policy', 'answer', 'state', 'reason'), [
    (UnpaidPolicy.print, 'welcome', JobState.queued, Reason.scanned),
    (UnpaidPolicy.hold, 'welcome', JobState.held, Reason.unpaid)])
def test_unpaid(entrance, scan, code_of, create_reg, rules, policy, answer, state, reason):
    rules.unpaid = policy
    reg = create_reg(state=RegistrationState.unpaid)
    badge = entrance(reg)
    found = scan(code_of(reg))
    assert (found['answer'], found['all_the_same']) == ('not_paid', 'Badge all the same')
    assert found['sentence'].endswith('The registration is not paid: no badge is printed.')
    assert badge.state == JobState.held
    assert scan(registration=reg.id, unpaid_too='1')['answer'] == answer
    assert (badge.state, badge.reason) == (state, reason)


def test_unpaid_and_the_event_prints_none_then(db, entrance, scan, code_of, create_reg, rules):
    """There is nothing that a volunteer could press, and who pays there gets the badge."""
    rules.unpaid = UnpaidPolicy.skip
    reg = create_reg(state=RegistrationState.unpaid)
    badge = entrance(reg)
    # a page of a moment ago sends what its button meant
    for found in (scan(code_of(reg)), scan(registration=reg.id, unpaid_too='1')):
        assert (found['answer'], found['all_the_same']) == ('not_paid', '')
        assert found['sentence'].endswith('The badge waits, as this event prints none before the registration is paid.')
        assert (badge.state, badge.reason) == (JobState.held, Reason.badge_desk)
    reg.state = RegistrationState.complete
    db.session.flush()
    assert scan(code_of(reg))['answer'] == 'welcome'
    assert badge.state == JobState.queued


@pytest.mark.parametrize(('policy', 'answer', 'state', 'reason'), [
    (ReprintPolicy.print, 'welcome', JobState.queued, Reason.scanned),
    (ReprintPolicy.hold, 'welcome', JobState.held, Reason.already_printed),
    (ReprintPolicy.skip, 'already_in', JobState.canceled, Reason.printed_before)])
def test_had_a_badge_before(db, entrance, scan, check_in, code_of, reg, rules, set_job, policy, answer, state, reason):
    rules.reprint, rules.sources = policy, ['api', 'scan']
    first, = check_in(reg)
    set_job(first, state=JobState.completed)
    check_in(reg, value=False)
    rules.sources = ['scan']
    entrance(reg)
    badge = Job.query.order_by(Job.id.desc()).first()
    assert (badge.state, badge.reason) == (JobState.held, Reason.badge_desk)
    assert scan(code_of(reg))['answer'] == answer
    assert (badge.state, badge.reason) == (state, reason)


def test_a_pause_holds_it(entrance, scan, code_of, reg, rules):
    badge = entrance(reg)
    rules.paused = True
    answer = scan(code_of(reg))
    assert (answer['answer'], answer['sentence'].endswith('The badge waits.')) == ('welcome', True)
    assert (badge.state, badge.reason) == (JobState.held, Reason.paused)
    # and only once
    assert scan(code_of(reg))['answer'] == 'already_in'


def test_where_the_rules_say(db, event, entrance, scan, code_of, reg, rules):
    other = Desk(event=event, name='Scanned')
    db.session.add(other)
    db.session.flush()
    rules.desk_rules = dump([Rule(id=1, desk=other.id, when=(CheckedInBy(('scan',)),), words='Scanned')])
    badge = entrance(reg)
    scan(code_of(reg))
    assert badge.desk == other


@pytest.mark.parametrize('what', ['released', 'discarded', 'way off', 'form off', 'not asked for', 'undone'])
def test_nothing_waits_for_the_badge_desk(db, entrance, scan, check_in, code_of, reg, rules, form, set_job, what):
    rules.badge_desk = what != 'not asked for'
    badge = entrance(reg)
    if what == 'released':
        set_job(badge, state=JobState.completed, reason='printed')
    elif what == 'discarded':
        set_job(badge, state=JobState.canceled, reason='discarded')
    elif what == 'way off':
        rules.sources = ['kiosk']
    elif what == 'form off':
        form.enabled = False
    elif what == 'undone':
        check_in(reg, value=False)
        reg.checked_in = True
        reg.checked_in_dt = now_utc()
    before = badge.state
    assert scan(code_of(reg))['answer'] == 'already_in'
    assert badge.state == before
    assert Job.query.count() == 1


def test_the_rule_is_off_by_now(entrance, scan, code_of, reg, rules):
    """Who was sent from the entrance to the badge desk gets the badge there."""
    badge = entrance(reg)
    rules.badge_desk = False
    assert scan(code_of(reg))['answer'] == 'welcome'
    assert badge.state == JobState.queued


def test_a_ticket_for_all(entrance, scan, code_of, reg, form):
    form.kind = BadgeKind.ticket
    badge = entrance(reg)
    assert scan(code_of(reg))['answer'] == 'welcome'
    assert badge.state == JobState.queued


def test_a_hidden_person(entrance, scan, code_of, create_reg, dummy_regform):
    hidden = create_reg('Hildegard')
    badge = entrance(hidden)

    def _others(regform, user, **kwargs):
        return Registration.first_name != 'Hildegard'

    with signals.event.filter_registration_list.connected_to(_others, sender=dummy_regform):
        assert scan(code_of(hidden))['answer'] in {'unknown', 'other_event'}
        assert scan(registration=hidden.id)['answer'] == 'unknown'
    assert badge.state == JobState.held


def test_who_may_not_check_in_prints_nothing(entrance, browse, create_user, url, code_of, reg, event):
    badge = entrance(reg)
    stranger = create_user(400)
    event.update_principal(stranger, add_permissions={'registration_edit'})
    assert browse(stranger).post(f'{url}/answer', code=code_of(reg)).status_code == 403
    assert badge.state == JobState.held


@pytest.mark.parametrize('function', ['load_setup', 'judge'])
def test_a_fault_of_ours_keeps_nobody_waiting(entrance, scan, code_of, reg, mocker, caplog, function):
    """The page would send a scan that fails for ever, and those behind it would wait."""
    badge = entrance(reg)
    mocker.patch.object(badge_desk, function, side_effect=RuntimeError)
    assert scan(code_of(reg))['answer'] == 'already_in'
    assert 'could not be looked up' in caplog.text
    assert badge.state == JobState.held


def test_a_fault_while_it_is_handed_out(entrance, scan, code_of, reg, mocker, caplog):
    badge = entrance(reg)
    mocker.patch.object(badge_desk.ledger, 'hand_out', side_effect=RuntimeError)
    assert scan(code_of(reg))['answer'] == 'already_in'
    assert 'could not be handed out' in caplog.text
    mocker.stopall()
    assert badge.state == JobState.held


def test_a_scan_of_somebody_who_is_not_in_costs_nothing_more(scan, code_of, reg, rules, statements):
    scan(code_of(reg))
    assert not [x for x in statements if 'plugin_checkin_print.jobs' in str(x)]
