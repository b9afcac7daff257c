"""The five steps to the first printed badge: what counts as done, which is next, and the button that does it."""

import re

import pytest

from indico.core import signals
from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.management.page import regforms_of
from indico_checkin_print.management.setup.first_steps import first_steps, has_printed
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.models.webhooks import Webhook


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def steps(app, db, event):
    """Return a function that returns the steps by key."""
    def _steps():
        db.session.flush()
        found = {model.__name__: model.query.filter_by(event_id=event.id, is_deleted=False).order_by(model.id).all()
                 for model in (Agent, Desk, Webhook)}
        with app.test_request_context():
            context = {'agents': found['Agent'], 'desks': found['Desk'], 'webhooks': found['Webhook']}
            steps = first_steps(event, regforms_of(event), context, printed=has_printed(event))
        assert len([step for step in steps if step.is_next]) == (not all(step.is_done for step in steps))
        return {step.key: step for step in steps}
    return _steps


@pytest.fixture
def done(steps):
    """Return a function that returns which steps are done, and which is next."""
    def _done():
        found = steps()
        return [key for key, step in found.items() if step.is_done], next(
            (key for key, step in found.items() if step.is_next), None)
    return _done


@pytest.fixture
def add(db):
    def _add(row):
        db.session.add(row)
        db.session.flush()
        return row
    return _add


@pytest.fixture(autouse=True)
def no_inherited_templates():
    """A plugin hides the templates of the category, such as Indico's default badge."""
    def _hide(sender, badge_templates, **kwargs):
        badge_templates[:] = [template for template in badge_templates if template.event is not None]

    with signals.event.filter_selectable_badges.connected_to(_hide):
        yield


def show(manager, page, tab=''):
    return ' '.join(manager.get(f'{page}/{tab}', xhr=False).get_data(as_text=True).split())


def step_of(html, key):
    return re.search(rf'<li id="step-{key}".*?</li>', html)[0]


def test_from_nothing_to_a_badge(db, done, steps, add, event, dummy_regform, create_template, manager, page):
    """What a manager does, in order; at each point the page has the button that does the next step."""
    def _button(key):
        for tab in ('', 'setup', 'first-steps'):
            html = show(manager, page, tab)
            assert re.findall(r'<li id="step-(\w+)"[^>]*aria-current="step"', html) == [key]
            assert html.index('checkin-print-steps-title') < html.index('</section>')
        return step_of(html, key)

    dummy_regform.is_deleted = True
    assert done() == ([], 'registration')
    assert f'href="/event/{event.id}/manage/registration/"' in _button('registration')
    dummy_regform.is_deleted = False
    assert done() == ([], 'registration')
    assert f'href="/event/{event.id}/manage/designer/"' in _button('registration')
    template = create_template()
    assert done() == (['registration'], 'agents')
    assert f'data-href="{page}/agents/add"' in _button('agents')
    agent = add(Agent(event=event, name='Laptop 1', printers=[]))
    code = agent.make_code()
    assert code
    assert steps()['agents'].detail == 'Laptop 1: Waiting for its code.'
    assert f'href="{page}/setup#checkin-print-agents"' in _button('agents')
    agent.pair('a token')
    assert steps()['agents'].detail.startswith('Laptop 1: Not connected. It is paired')
    agent.seen_dt = now_utc()
    assert steps()['agents'].detail.startswith('Laptop 1 is connected, but has no printer.')
    agent.printers = [{'name': 'labels', 'state': 'idle'}]
    assert done() == (['registration', 'agents'], 'desks')
    assert f'data-href="{page}/desks/add"' in _button('desks')
    desk = add(Desk(event=event, name='North', printers=[DeskPrinter(position=0, agent=agent, printer='labels')]))
    assert done() == (['registration', 'agents', 'desks'], 'forms')
    assert f'data-href="{page}/forms/{dummy_regform.id}/"' in _button('forms')
    setup = add(FormSetup(registration_form=dummy_regform, enabled=False, kind=BadgeKind.badge, template=template))
    db.session.expire_all()
    assert done()[1] == 'forms'
    setup.enabled = True
    assert done()[1] == 'test'
    assert f'action="{page}/desks/{desk.id}/test"' in _button('test')
    assert steps()['test'].detail.startswith('Print a test badge, and look at the paper')
    manager.post(f'{page}/desks/{desk.id}/test')
    job = Job.query.one()
    assert steps()['test'].detail == 'Test badge, North: Queued'
    ledger.move([Job.id == job.id], JobState.rendering, 'claimed', 'test')
    ledger.move([Job.id == job.id], JobState.failed, 'template_missing', 'test')
    db.session.expire_all()
    assert steps()['test'].detail.startswith('Test badge, North: Failed – ')
    assert done()[1] == 'test'
    db.session.execute(db.update(Job.__table__).values(state=JobState.completed))
    db.session.expire_all()
    assert done() == (['registration', 'agents', 'desks', 'forms', 'test'], None)
    # the tabs of every day have room for other things now; the steps are a click away
    for tab in ('', 'setup'):
        html = show(manager, page, tab)
        assert 'step-test' not in html
        assert f'href="{page}/first-steps"' in html
    html = show(manager, page, 'first-steps')
    assert 'All is set up.' in html
    assert html.count('>Done<') == 5


def test_the_page_keeps_up(manager, page, objects):
    """The parts that the script asks for are those of the tab."""
    assert 'id="step-test"' in show(manager, page, 'live')
    objects.job.state = JobState.completed
    assert 'id="step-test"' not in show(manager, page, 'live')
    assert f'data-live-url="{page}/live?steps=1"' in show(manager, page, 'first-steps')
    assert 'id="step-test"' in show(manager, page, 'live?steps=1')


@pytest.mark.parametrize(('state', 'printed'), [(JobState.completed, True), (JobState.sent, True),
                                                (JobState.printing, False), (JobState.unknown, False)])
def test_what_counts_as_printed(event, objects, state, printed, reg, create_job, create_event, make_objects):
    objects.job.state = JobState.failed
    # neither a message to a webhook nor a badge of another event
    create_job(reg, JobState.sent, purpose='webhook:1', desk=None, webhook=objects.webhook)
    make_objects(create_event(77)).job.state = JobState.completed
    assert not has_printed(event)
    create_job(reg, state)
    assert has_printed(event) == printed


def test_a_webhook_instead_of_a_computer(done, add, event, create_template):
    create_template()
    webhook = add(Webhook(event=event, name='CRM', url='https://example.com', secrets=[], send_badge=False))
    assert done()[1] == 'agents'
    webhook.send_badge = True
    assert done()[1] == 'desks'
    add(Desk(event=event, name='Robot', webhook=webhook))
    assert done()[1] == 'forms'


def test_a_desk_whose_computer_was_revoked(steps, done, create_template, objects, manager, page):
    create_template()
    objects.agent.revoke()
    objects.webhook.is_deleted = True
    assert done() == (['registration'], 'agents')
    objects.webhook.is_deleted, objects.webhook.send_badge = False, True
    assert done()[1] == 'desks'
    assert 'North' in steps()['desks'].detail
    assert f'data-href="{page}/desks/{objects.desk.id}/"' in step_of(show(manager, page), 'desks')


def test_a_ticket_needs_no_badge_template(done, add, dummy_regform, objects):
    assert done()[1] == 'registration'
    add(FormSetup(registration_form=dummy_regform, enabled=True, kind=BadgeKind.ticket))
    assert done()[1] == 'test'


def test_what_is_away_over_night_stays_done(steps, done, create_template, objects):
    create_template()
    objects.agent.seen_dt = None
    assert done()[1] == 'forms'
    assert steps()['agents'].detail == 'Laptop 1: Not connected'


def test_who_may_add_no_computer_reads_why(manager, page, event, create_template, mocker):
    create_template()
    mocker.patch('indico_checkin_print.management.page.sees_all', return_value=False)
    html = step_of(show(manager, page), 'agents')
    assert 'Only managers who see all registrations' in html
    assert '<button' not in html
