"""What the page shows: jobs, agents, printers; and what can be done about a job."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from indico.modules.designer.models.images import DesignerImageFile
from indico.util.date_time import now_utc

from indico_checkin_print import sql
from indico_checkin_print.ledger.skipped_printers import skip_note
from indico_checkin_print.management.jobs.rows import MAX_JOBS, latest_jobs, latest_messages
from indico_checkin_print.management.status import agent_status, describe_reason, desk_statuses, printer_status
from indico_checkin_print.models.agents import Agent, PrinterBreaker
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import Job, JobState


pytestmark = pytest.mark.usefixtures('no_kick')


# -- jobs -------------------------------------------------------------------------------------------------------------

def test_jobs(app, event, create_reg, create_job, objects):
    scanned = now_utc() - timedelta(seconds=60)
    reg = create_reg('Ada', 'Lovelace')
    create_job(reg, checked_in_dt=scanned, changed_dt=scanned + timedelta(seconds=1.5), printer='labels')
    create_job(reg, JobState.queued, checked_in_dt=scanned - timedelta(days=1), purpose='webhook:1', desk=None,
               webhook=objects.webhook, reason='checked_in')
    create_job(None, JobState.unknown, reason='media-jam')
    with app.test_request_context():
        gone, badge, test = latest_jobs(event)
        hook, = latest_messages(event, [objects.webhook])
    assert (badge.name, badge.where, badge.seconds, badge.colour) == ('Ada Lovelace', 'North', 1.5, 'success')
    assert badge.reason == 'The printer says that the badge is printed.'
    assert badge.url == f'/event/{event.id}/manage/registration/{reg.registration_form_id}/registrations/{reg.id}/'
    assert (hook.where, hook.seconds) == ('CRM', None)
    assert (gone.name, gone.url) == ('Deleted registration', '')
    assert gone.reason == 'Labels or paper are jammed in the printer.'
    assert (test.name, test.url) == ('Test badge', '')
    # nobody was checked in for it
    assert (badge.checked_in_dt, test.checked_in_dt) == (scanned, None)


def test_a_job_says_what_keeps_its_printer_from_printing(app, event, reg, create_job, objects):
    objects.agent.printers = [{'name': 'labels', 'state': 'processing', 'reasons': ['media-empty-warning']}]
    create_job(reg, JobState.printing, agent=objects.agent, printer='labels', reason='at_printer')
    create_job(reg, JobState.failed, agent=objects.agent, printer='labels', reason='media-empty', purpose='test 1',
               detail='The printer is out of labels or paper.')
    with app.test_request_context():
        failed, printing, *_others = latest_jobs(event)
    assert printing.printer_problem == 'out of paper'
    assert (failed.printer_problem, failed.reason, failed.detail) == ('', 'The printer is out of labels or paper.', '')


@pytest.mark.parametrize('state', [JobState.failed, JobState.canceled, JobState.expired, JobState.unknown])
def test_only_what_came_out_took_seconds(app, event, reg, create_job, state):
    create_job(reg, state)
    with app.test_request_context():
        assert latest_jobs(event)[0].seconds is None


def test_a_detail_does_not_repeat_the_printer(app, event, reg, create_job):
    create_job(reg, JobState.dispatched, printer='labels', reason='pushed', detail='labels')
    with app.test_request_context():
        assert latest_jobs(event)[0].detail == ''


def test_a_message_about_an_undone_check_in_says_so(app, event, reg, create_job, objects):
    create_job(reg, JobState.sent, purpose=f'undone:{objects.webhook.id}', webhook=objects.webhook, desk=None)
    with app.test_request_context():
        message, = latest_messages(event, [objects.webhook])
    assert message.name == f'{reg.full_name} (check-in undone)'


def test_deleted_registration_has_no_link(app, event, reg, create_job):
    create_job(reg)
    reg.is_deleted = True
    with app.test_request_context():
        assert latest_jobs(event)[0].url == ''


def test_accompanying_person(app, db, event, create_job, dummy_reg, dummy_accompanying_persons_field):
    person = dummy_reg.accompanying_persons[0]
    create_job(dummy_reg, person=person['id'])
    with app.test_request_context():
        assert latest_jobs(event)[0].name == f'{person["firstName"]} {person["lastName"]}'


def test_only_the_latest_jobs_of_this_event(app, event, create_event, make_objects, create_job):
    make_objects(create_event(77))
    jobs = [create_job(purpose=f'test {n}') for n in range(MAX_JOBS + 1)]
    with app.test_request_context():
        assert [row.job for row in latest_jobs(event)] == jobs[:0:-1]


def test_number_of_queries(app, db, event, page, manager, objects, create_reg, create_job, count_queries):
    create_job(create_reg('Ada', 'Lovelace'))
    manager.get(f'{page}/live')

    def _count():
        db.session.expire_all()
        with count_queries() as count:
            assert manager.get(f'{page}/live').status_code == 200
        return count()

    before = _count()
    for n in range(10):
        create_job(create_reg('Grace', f'Hopper{n}'))
    assert _count() == before


@pytest.mark.parametrize('state', list(JobState))
def test_retry(db, manager, page, create_job, create_reg, state):
    job = create_job(create_reg(), state=state)
    html = manager.get(f'{page}/live').get_data(as_text=True)
    allowed = state in {JobState.failed, JobState.expired, JobState.canceled}
    assert (f'/jobs/{job.id}/retry' in html) == allowed
    manager.post(f'{page}/jobs/{job.id}/retry', xhr=False)
    db.session.refresh(job)
    assert job.state == (JobState.queued if allowed else state)


@pytest.mark.parametrize('state', list(JobState))
def test_discard(db, manager, page, create_job, state):
    job = create_job(state=state)
    html = manager.get(f'{page}/live').get_data(as_text=True)
    allowed = state in {JobState.held, JobState.queued, JobState.ready, JobState.failed}
    assert (f'/jobs/{job.id}/discard' in html) == allowed
    manager.post(f'{page}/jobs/{job.id}/discard', xhr=False)
    db.session.refresh(job)
    assert job.state == (JobState.canceled if allowed else state)


def test_discard_notifies_the_agent(manager, page, create_job, objects, mocker):
    job = create_job(state=JobState.ready, agent=objects.agent, printer='labels')
    notify = mocker.patch.object(sql, 'notify_agents')
    manager.post(f'{page}/jobs/{job.id}/discard')
    notify.assert_called_once_with([objects.agent.id])


def test_page_escapes(manager, page, create_reg, create_job, objects, dummy_regform):
    evil = '<script>alert(1)</script>"\''
    objects.desk.name = objects.webhook.name = objects.agent.name = dummy_regform.title = evil
    objects.agent.software = evil
    objects.agent.printers = [{'name': evil, 'state': 'stopped', 'reasons': [evil]}]
    create_job(create_reg(evil, evil), detail=evil, reason=evil, printer=evil)
    for path in ('/', '/setup', '/live'):
        html = manager.get(page + path, xhr=False).get_data(as_text=True)
        assert 'alert(1)' in html
        assert '<script>alert(1)' not in html


def test_boxes_lead_to_chapters_of_the_manual(manager, page, event, configure):
    assert 'Manual:' not in manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    configure(MANUAL_URL='https://docs.example.com/manager.md')
    html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    manual = (Path(__file__).parents[3] / 'docs' / 'manager.md').read_text()
    headings = {re.sub(r'[^a-z0-9 -]', '', title.lower()).replace(' ', '-')
                for title in re.findall(r'^#+ (.*)$', manual, re.MULTILINE)}
    chapters = re.findall(r'manager\.md#([a-z0-9-]+)"', html)
    # those of the boxes and of the first steps
    assert len(chapters) == 10 + 5
    assert set(chapters) <= headings


def test_a_button_is_answered_in_place(manager, page, objects):
    answer = manager.client.post(f'{page}/desks/{objects.desk.id}/test', data={'csrf_token': manager.token},
                                 headers={'Accept': 'application/json', 'X-Requested-With': 'XMLHttpRequest'}).json
    assert [x['category'] for x in answer['messages']] == ['success']
    assert 'on its way' not in answer['messages'][0]['text']
    assert Job.get(answer['follow']).purpose == Job.PURPOSE_TEST
    # without a script, as every form does
    assert manager.post(f'{page}/desks/{objects.desk.id}/test', xhr=False).location.endswith(f'{page}/')


def test_a_dialog_is_answered_in_place(manager, page, objects):
    url = f'{page}/desks/{objects.desk.id}/test-with-name'
    answer = manager.post(f'{url}?here=1', first_name='Zoë', last_name='Müller').json
    assert [x['category'] for x in answer['messages']] == ['success']
    assert Job.get(answer['follow']).purpose == Job.PURPOSE_TEST
    # pages that are loaded anew have nothing to follow
    assert not {'messages', 'follow'} & set(manager.post(url, last_name='Müller').json)


def test_messages_to_webhooks_have_a_list_and_words_of_their_own(manager, page, event, reg, create_job, objects):
    create_job(reg, JobState.ready, purpose=f'webhook:{objects.webhook.id}', webhook=objects.webhook, desk=None,
               reason='rendered')
    badge = create_job(reg, JobState.ready, reason='rendered')
    assert badge in [row.job for row in latest_jobs(event)]
    message, = latest_messages(event, [objects.webhook])
    assert (message.state, message.reason) == ('Waiting for the receiver', '')
    html = manager.get(f'{page}/', xhr=False).get_data(as_text=True)
    badges, messages = html.split('Latest messages to webhooks')
    assert 'Waiting for the printer' in badges
    assert 'Waiting for the receiver' not in badges
    assert 'Discard the message about' in messages
    assert 'Discard the badge of' not in messages


# -- agents and printers ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('facts', 'text'), [
    ({}, 'Not paired'),
    ({'code_hash': 'x', 'code_expires_dt': now_utc() + timedelta(days=1)}, 'Waiting for its code'),
    ({'code_hash': 'x', 'code_expires_dt': now_utc() - timedelta(minutes=5)}, 'Not paired'),
    ({'token_hash': 'x'}, 'Not connected'),
    ({'token_hash': 'x', 'seen_dt': now_utc() + timedelta(hours=1)}, 'Connected'),
    ({'token_hash': 'x', 'seen_dt': now_utc() - timedelta(minutes=1)}, 'Not connected'),
    ({'revoked_dt': now_utc()}, 'Revoked'),
])
def test_agent_status(event, facts, text):
    assert agent_status(Agent(event=event, name='x', **facts), event.tzinfo).text == text


@pytest.mark.parametrize(('printer', 'text', 'detail', 'css'), [
    ({'state': 'idle'}, 'Ready', '', 'success'),
    ({'state': 'idle', 'reasons': ['none']}, 'Ready', '', 'success'),
    ({'state': 'idle', 'reasons': ['media-low-warning']}, 'Ready', 'little paper left', 'warning'),
    ({'state': 'processing'}, 'Printing', '', 'highlight'),
    ({'state': 'processing', 'reasons': ['media-empty-warning']}, 'Printing', 'out of paper', 'warning'),
    ({'state': 'processing', 'reasons': ['media-jam-error']}, 'Needs attention', 'paper jam', 'error'),
    ({'state': 'stopped', 'reasons': ['media-empty-error', 'media-needed']}, 'Stopped', 'out of paper', 'error'),
    ({'state': 'idle', 'accepting': False}, 'Does not accept jobs', '', 'error'),
])
def test_printer_status(printer, text, detail, css):
    status = printer_status({'name': 'p', **printer})
    assert (status.text, status.detail, status.css) == (text, detail, css)


def test_unknown_printer_reason():
    assert describe_reason('com.acme-cutter-worn-warning') == 'com.acme cutter worn'


def test_desk_statuses(objects, event):
    def _texts():
        return [status.text for status in desk_statuses(objects.desk, event.tzinfo)]

    assert _texts() == ['Ready']
    objects.agent.printers = []
    assert _texts() == ['Not found']
    objects.agent.seen_dt = None
    assert _texts() == ['Not connected']
    objects.desk.printers.clear()
    assert _texts() == ['No printer']
    objects.desk.webhook = objects.webhook
    assert _texts() == ['Badges are sent to the webhook']
    objects.webhook.is_deleted = True
    assert _texts() == ['The webhook was deleted']


def test_printer_whose_breaker_is_open(db, manager, page, objects):
    objects.agent.link = 'link'
    db.session.add(PrinterBreaker(agent=objects.agent, printer='labels', failures=3, reason='engine_failed',
                                  failed_dt=now_utc(), probe_dt=now_utc()))
    db.session.flush()
    html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    # at the desk and at the agent
    assert html.count('Out of service') == 2
    assert 'It failed 3 times in a row. The next badge is tried after' in html


@pytest.mark.parametrize(('state', 'printer', 'words'), [
    (JobState.completed, 'p2', 'Came out at p2. p1: out of paper.'),
    (JobState.dispatched, 'p2', 'Goes to p2. p1: out of paper.'),
    # it came out there in the end
    (JobState.completed, 'p1', None),
    (JobState.ready, '', None),
])
def test_where_a_badge_came_out_instead(manager, page, create_job, create_reg, objects, state, printer, words):
    note = skip_note(objects.agent.id, 'Laptop 1', 'p1', 'media-empty', returned=True)
    create_job(create_reg(), state=state, agent=objects.agent, printer=printer, skipped_printers=[note])
    html = manager.get(f'{page}/', xhr=False).get_data(as_text=True)
    if words:
        assert words in html
    else:
        assert 'out of paper.' not in html


# -- forms ------------------------------------------------------------------------------------------------------------

def test_a_form_whose_template_has_a_broken_picture(db, manager, page, form, dummy_regform):
    html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert 'The background image' not in html
    form.template.background_image = image = DesignerImageFile(template=form.template, filename='x.png',
                                                               content_type='image/png')
    image.save(BytesIO(b'no picture'))
    db.session.flush()
    words = 'The background image of the template: it is no picture that can be printed.'
    assert words in manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    form.kind, dummy_regform.ticket_template = BadgeKind.ticket, form.template
    assert words in manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
