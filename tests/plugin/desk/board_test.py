"""The board of a desk: its state in words, its people, its buttons, and whom it hides."""

import re
from datetime import timedelta

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import now_utc

from indico_checkin_print.desk import board
from indico_checkin_print.management.base import RHJobBase
from indico_checkin_print.models.calls import TechCall
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.reasons.codes import Reason


pytestmark = pytest.mark.usefixtures('no_kick', 'fresh_cache')


@pytest.fixture
def fresh_cache(mocker):
    """Draw each board anew: what is kept for a second is not what these tests are about."""
    return mocker.patch.object(board._cache, 'get', return_value=None)


@pytest.fixture
def switched_on(db, dummy_regform, objects):
    db.session.add(FormSetup(registration_form=dummy_regform, enabled=True, kind=BadgeKind.badge, desk=objects.desk))
    objects.job.state = JobState.completed
    db.session.flush()


@pytest.fixture
def url(event, objects):
    return f'/event/{event.id}/desk/{objects.desk.id}/board'


@pytest.fixture
def live(volunteer, url):
    """Return a function that returns the text of the parts that change."""
    def _live(browser=volunteer):
        response = browser.get(f'{url}/live')
        assert response.status_code == 200
        return ' '.join(response.get_data(as_text=True).split())
    return _live


def headline_of(html):
    return re.search(r'class="board-state (\w*)">(.*?)</p>', html).groups()


# -- state in words ---------------------------------------------------------------------------------------------------

def test_states_in_words(db, live, objects, switched_on, create_job, create_reg, event, dummy_regform):
    assert headline_of(live()) == ('success', 'Ready')
    for number in range(2):
        create_job(create_reg('Ada', f'Person{number}'), JobState.queued, reason=Reason.checked_in)
    assert headline_of(live()) == ('highlight', 'Printing: 2 waiting')
    objects.agent.printers = [{'name': 'labels', 'state': 'stopped', 'reasons': ['media-empty-error']}]
    assert headline_of(live()) == ('error', 'Out of paper: 2 waiting')
    objects.desk.paused = True
    create_job(create_reg('Bo', 'Person'), JobState.held, reason=Reason.paused)
    create_job(create_reg('Cy', 'Person'), JobState.held, reason=Reason.unpaid)
    assert headline_of(live()) == ('warning', 'Paused: 3 waiting')
    objects.desk.paused = False
    FormSetup.query.get(dummy_regform.id).enabled = False
    assert headline_of(live()) == ('strong', 'Switched off: no registration form prints badges')


def test_a_desk_without_printer(db, live, objects, switched_on):
    objects.desk.printers = []
    assert headline_of(live()) == ('warning', 'No printer') or headline_of(live()) == ('error', 'No printer')
    objects.desk.webhook = objects.webhook
    assert headline_of(live()) == ('success', 'Ready')
    objects.webhook.enabled = False
    assert headline_of(live())[1] == 'Off'


def test_newest_on_top_with_seconds(db, live, objects, switched_on, create_job, create_reg):
    first = create_job(create_reg('Ada', 'First'), checked_in_dt=now_utc() - timedelta(seconds=4.25))
    second = create_job(create_reg('Bo', 'Second'), JobState.printing, checked_in_dt=now_utc(), reason='at_printer')
    unknown = create_job(create_reg('Cy', 'Third'), JobState.unknown, checked_in_dt=now_utc(), reason='no_word')
    html = live()
    ids = [int(x) for x in re.findall(r'data-job="(\d+)"', html)]
    assert ids == [unknown.id, second.id, first.id, objects.job.id]
    assert re.search(rf'id="board-job-{first.id}".*?4\.[23] s', html)
    assert 'data-since=' in html.partition(f'id="board-job-{second.id}"')[2].partition('</li>')[0]
    assert 'Did the badge of Cy Third come out?' in html


def test_other_desks_and_messages_to_webhooks_are_not_there(db, live, event, objects, create_job, create_reg):
    south = Desk(event=event, name='South')
    db.session.add(south)
    create_job(create_reg('Elsewhere', 'X'), desk=south)
    create_job(create_reg('Message', 'X'), webhook=objects.webhook, purpose=f'webhook:{objects.webhook.id}')
    assert 'Elsewhere' not in live()
    assert 'Message' not in live()


def test_the_page(volunteer, url, objects, event):
    html = volunteer.get(url, xhr=False).get_data(as_text=True)
    assert 'You have no desk yet' in html
    assert f'data-live-url="{url}/live"' in html
    volunteer.post(f'/event/{event.id}/desk/{objects.desk.id}/')
    assert 'Your badges come out here' in volunteer.get(url, xhr=False).get_data(as_text=True)


def test_names_are_escaped(live, create_job, create_reg):
    create_job(create_reg('<b>Bold', '"Quote'), reason='printed')
    html = live()
    assert '<b>Bold' not in html
    assert '&lt;b&gt;Bold' in html


# -- held and failed --------------------------------------------------------------------------------------------------

def box_of(html, box):
    return re.findall(r'data-job="(\d+)"', html.partition(f'id="board-{box}"')[2].partition('data-live>')[2]
                      .partition('<div id="board-')[0])


def test_held_and_failed_badges_stay_in_sight(db, live, objects, switched_on, create_job, create_reg):
    assert 'Held or failed' not in live()
    held = create_job(create_reg('Ada', 'Held'), JobState.held, reason=Reason.already_printed)
    failed = create_job(create_reg('Bo', 'Failed'), JobState.failed, reason='printer_failed')
    test = create_job(state=JobState.failed, purpose=Job.PURPOSE_TEST)
    create_job(create_reg('Cy', 'Batch'), JobState.held, reason=Reason.in_batch)
    printed = [create_job(create_reg('Di', f'Printed {n}')) for n in range(board.board_view.MAX_ROWS)]
    html = live()
    assert box_of(html, 'stuck') == [str(failed.id), str(held.id)]
    assert f'/board/jobs/{held.id}/release"' in html
    assert f'/board/jobs/{failed.id}/retry"' in html
    assert box_of(html, 'rows') == [str(job.id) for job in printed[::-1]]
    # the oldest are counted, and hide nobody
    many = [create_job(create_reg('Ed', f'Held {n}'), JobState.held, reason=Reason.bulk) for n in range(6)]
    html = live()
    assert box_of(html, 'stuck') == [str(job.id) for job in many[::-1]]
    assert '2 more. Scan the ticket' in html
    assert len(box_of(html, 'rows')) == board.board_view.MAX_ROWS
    assert str(test.id) not in box_of(html, 'stuck')


def test_what_nobody_has_to_do_anything_about(db, live, objects, switched_on, create_job, create_reg, set_job):
    again, undone = create_reg('Ada', 'Again'), create_reg('Bo', 'Undone')
    another = create_job(again, JobState.failed, reason='printer_failed')
    latest = create_job(again)
    old = create_job(create_reg('Cy', 'Old'), JobState.failed, reason='printer_failed',
                     changed_dt=now_utc() - timedelta(hours=25))
    gone = create_job(undone, JobState.failed, reason='printer_failed', checked_in_dt=now_utc())
    paused = create_job(create_reg('Di', 'Paused'), JobState.held, reason=Reason.paused)
    # left behind when printing resumed
    assert box_of(live(), 'stuck') == [str(paused.id)]
    objects.desk.paused = True
    html = live()
    assert box_of(html, 'stuck') == []
    assert {str(job.id) for job in (another, latest, old, gone, paused)} <= set(box_of(html, 'rows'))
    # why it failed is said, and there is nothing to retry of an undone check-in
    assert f'/jobs/{gone.id}/retry' not in html
    assert f'/jobs/{old.id}/retry' in html


def test_why_a_badge_was_cancelled(live, create_job, create_reg):
    job = create_job(create_reg('Ada', 'Only'), JobState.canceled, reason=Reason.check_in_only)
    html = live()
    assert 'Checked in at a scan station that is set to &#34;Check in only&#34;.' in html
    assert f'/board/jobs/{job.id}/retry"' in html
    # the other one prints
    job = create_job(create_reg('Bo', 'Replaced'), JobState.canceled, reason=Reason.replaced)
    assert f'/board/jobs/{job.id}/retry"' not in live()


# -- ETag -------------------------------------------------------------------------------------------------------------

def test_etag(volunteer, url, objects, create_job, create_reg):
    def _ask(etag=None):
        return volunteer.client.get(f'{url}/live', headers={'If-None-Match': etag} if etag else {})

    before = _ask()
    same = _ask(before.headers['ETag'])
    assert (same.status_code, same.data) == (304, b'')
    create_job(create_reg())
    after = _ask(before.headers['ETag'])
    assert after.status_code == 200
    assert after.headers['ETag'] != before.headers['ETag']


def test_an_action_clears_the_cache(volunteer, url, mocker, fresh_cache):
    """What is kept is drawn once and forgotten after an action."""
    mocker.stop(fresh_cache)
    draw = mocker.patch.object(board.board_view, 'render', side_effect=['one', 'two', 'three'])
    assert volunteer.get(f'{url}/live').data == b'one'
    assert volunteer.get(f'{url}/live').data == b'one'
    volunteer.post(f'{url}/call')
    assert volunteer.get(f'{url}/live').data == b'two'
    assert draw.call_count == 2


def test_nothing_of_the_session_is_in_what_is_kept_for_all(volunteer, url, create_job, create_reg):
    for state in JobState:
        create_job(create_reg(state.name, 'X'), state, reason=Reason.bulk)
    html = volunteer.get(f'{url}/live').get_data(as_text=True)
    assert volunteer.token not in html
    assert 'Vera' not in html


# -- hidden people ----------------------------------------------------------------------------------------------------

BUTTONS = {'reprint': JobState.completed, 'came-out': JobState.unknown, 'missed': JobState.unknown,
           'retry': JobState.failed, 'release': JobState.held}


@pytest.fixture
def hide(dummy_regform, user):
    """Hide everybody from the volunteer who is not called Viktor."""
    def _only_viktor(regform, user, **kwargs):
        return Registration.first_name == 'Viktor' if user.id == 300 else None

    with signals.event.filter_registration_list.connected_to(_only_viktor, sender=dummy_regform):
        yield


@pytest.mark.usefixtures('hide')
def test_hidden_people_are_absent(live, manager, url, switched_on, create_job, create_reg, fresh_cache, mocker):
    mocker.stop(fresh_cache)
    create_job(create_reg('Viktor', 'Visible'))
    for state in (JobState.queued, JobState.unknown, JobState.completed):
        create_job(create_reg('Hildegard', f'Hidden {state.name}'), state, checked_in_dt=now_utc())
    # what one viewer may see is not kept for the other
    assert 'Hildegard' in manager.get(f'{url}/live').get_data(as_text=True)
    html = live()
    assert 'Viktor' in html
    assert 'Hildegard' not in html
    assert headline_of(html) == ('success', 'Ready')
    assert 'Did it come out?' not in html


@pytest.mark.usefixtures('hide')
@pytest.mark.parametrize('button', BUTTONS)
def test_buttons_of_hidden_people(db, volunteer, url, create_job, create_reg, button):
    job = create_job(create_reg('Hildegard', 'Hidden'), BUTTONS[button], reason=Reason.bulk, checked_in_dt=now_utc())
    assert volunteer.post(f'{url}/jobs/{job.id}/{button}', reason='lost').status_code == 403
    db.session.expire_all()
    assert (job.state, Job.query.filter_by(reprint_of_id=job.id).count()) == (BUTTONS[button], 0)


def test_every_handler_of_one_job_asks(app):
    handlers = {getattr(board, app.view_functions[rule.endpoint].__name__) for rule in app.url_map.iter_rules()
                if '/board/' in rule.rule and 'job_id' in rule.arguments}
    assert len(handlers) >= 5
    assert [rh for rh in handlers if not issubclass(rh, board.BoardJobButton) or not issubclass(rh, RHJobBase)] == []


# -- buttons ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('button', 'becomes'), [('came-out', JobState.completed), ('missed', JobState.queued),
                                                 ('retry', JobState.queued), ('release', JobState.queued)])
def test_buttons(db, volunteer, url, create_job, create_reg, button, becomes):
    job = create_job(create_reg(), BUTTONS[button], reason=Reason.bulk)
    answer = volunteer.post(f'{url}/jobs/{job.id}/{button}', xhr=False)
    assert (answer.status_code, answer.location) == (302, url)
    db.session.expire_all()
    assert job.state == becomes


def test_print_again_with_a_reason(db, volunteer, url, create_job, create_reg, log_of, event):
    job = create_job(create_reg(), checked_in_dt=now_utc())
    for reason in ('', 'nonsense', 'paused'):
        assert volunteer.post(f'{url}/jobs/{job.id}/reprint', reason=reason).status_code == 302
        assert Job.query.filter_by(reprint_of_id=job.id).count() == 0
    volunteer.post(f'{url}/jobs/{job.id}/reprint', reason='misprint')
    reprint = Job.query.filter_by(reprint_of_id=job.id).one()
    assert (reprint.reason, reprint.user_id) == ('misprint', 300)
    assert 'It was misprinted' in log_of(event)


def test_a_badge_of_another_desk(db, volunteer, url, event, create_job, create_reg):
    south = Desk(event=event, name='South')
    db.session.add(south)
    job = create_job(create_reg(), JobState.unknown, desk=south)
    assert volunteer.post(f'{url}/jobs/{job.id}/came-out').status_code == 404
    assert job.state == JobState.unknown


def test_pause(db, volunteer, url, objects, live):
    volunteer.post(f'{url}/pause', paused='1')
    db.session.expire_all()
    assert objects.desk.paused
    assert 'Resume printing at this desk' in live()
    volunteer.post(f'{url}/pause', paused='0')
    db.session.expire_all()
    assert not objects.desk.paused


# -- the tech ---------------------------------------------------------------------------------------------------------

def test_call_the_tech(db, volunteer, manager, page, url, live, objects):
    desk_id = objects.desk.id
    assert 'Call the tech' in live()
    for __ in range(2):
        volunteer.post(f'{url}/call')
    assert TechCall.query.one().user_id == 300
    assert 'The tech has been called' in live()
    for path in ('/', '/setup', '/live'):
        banner = manager.get(page + path).get_data(as_text=True)
        assert 'calls the tech' in banner
        assert 'Vera Volunteer' in banner
        assert 'data-unanswered' in banner
    manager.post(f'{page}/desks/{desk_id}/call/answer')
    assert 'Mona Manager is on the way' in live()
    assert 'data-unanswered' not in manager.get(f'{page}/live').get_data(as_text=True)
    manager.post(f'{page}/desks/{desk_id}/call/end')
    assert 'Call the tech' in live()
    assert TechCall.query.count() == 0
    # a late answer does nothing
    manager.post(f'{page}/desks/{desk_id}/call/answer')
    assert TechCall.query.count() == 0


def test_not_needed_any_more(volunteer, url, live):
    volunteer.post(f'{url}/call')
    volunteer.post(f'{url}/call/end')
    assert 'Call the tech' in live()
    assert TechCall.query.count() == 0
