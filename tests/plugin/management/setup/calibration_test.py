"""Calibrating the printer of a desk: its sheet, what somebody sees on it, and what goes along with its badges."""

import pytest
from msgspec import UNSET

from print_agent.protocol import calibration
from print_agent.protocol.calibration import Calibration

from indico_checkin_print.messages.envelope import job_message
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.work.worker import render_one


pytestmark = pytest.mark.usefixtures('no_kick')
BADGE = (96.0, 134.0)


@pytest.fixture
def url(db, page, objects, form):
    form.desk = objects.desk
    db.session.flush()
    return f'{page}/desks/{objects.desk.id}/printers/0'


def seen(printer='labels', sheet=BADGE, **kwargs):
    return {'code': calibration.code(printer, sheet), 'up': 'A', **kwargs}


@pytest.fixture
def printer(objects):
    return objects.desk.printers[0]


@pytest.fixture
def sheet_job(db, manager, url):
    """The calibration sheet, lying across, as its agent gets it."""
    assert not manager.save(f'{url}/sheet', size='134 x 96 mm')
    job = Job.query.filter(Job.facts['sheet'].isnot(None)).one()
    job.state = JobState.rendering
    db.session.flush()
    render_one(job.id, 'test')
    db.session.refresh(job)
    return job


def test_the_sheet_is_printed_at_its_printer_as_it_is(manager, url, printer, sheet_job):
    html = manager.get(f'{url}/sheet').json['html']
    assert '96 x 134 mm' in html
    assert '134 x 96 mm' in html
    job = sheet_job
    assert job.facts == {'printer': [printer.agent_id, 'labels'], 'sheet': [134.0, 96.0]}
    assert (job.state, job.document.width_mm, job.document.height_mm) == (JobState.ready, 134, 96)
    printer.calibration = {'orientation': 180}
    message = job_message(job, go=True, agent_id=printer.agent_id, printer='labels')
    assert message.calibration == Calibration(alone=True)
    assert (message.kind, message.name) == ('test', 'Calibration sheet')


def test_what_is_seen_is_stored_and_goes_along(db, manager, url, page, printer, sheet_job, log_of, event):
    assert not manager.save(f'{url}/calibration', **seen(up='C', d='2', b='-2', a='0.5', card='86'))
    db.session.refresh(printer)
    found = Calibration(orientation=180, offset_x_mm=2.0, offset_y_mm=0.81, scale=1.0047)
    assert printer.calibration == {'orientation': 180, 'offset_x_mm': 2.0, 'offset_y_mm': 0.81, 'scale': 1.0047,
                                   'alone': False}
    job = sheet_job
    job.facts = None  # a test badge
    message = job_message(job, go=True, agent_id=printer.agent_id, printer='labels')
    assert message.calibration == found
    # another printer, and a webhook
    assert job_message(job, go=True, agent_id=printer.agent_id, printer='spare').calibration is UNSET
    assert job_message(job, go=True, printer='').calibration is UNSET
    html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert 'Calibrated: turned by 180°, 2 mm to the right, 0.81 mm down, 100.5 % of its size' in html
    assert 'calibrated' in log_of(event)
    assert manager.post(f'{url}/calibration/forget').status_code == 302
    db.session.refresh(printer)
    assert printer.calibration is None


@pytest.mark.parametrize(('answers', 'field'), [
    (seen(code='nonsense'), 'code'), (seen('spare'), 'code'), (seen(up='B'), 'up'), (seen(card='12'), 'card'),
    (seen(a='99'), 'a'), (seen(up='Z'), 'up'), (seen(sheet=(134.0, 96.0), up='A'), 'up')])
def test_answers_that_cannot_be(manager, url, printer, answers, field):
    assert list(manager.save(f'{url}/calibration', **answers)) == [field]
    assert printer.calibration is None


def test_a_sheet_that_lies_across(manager, url, printer):
    assert not manager.save(f'{url}/calibration', **seen(sheet=(134.0, 96.0), up='B'))
    assert printer.calibration['orientation'] == 90


def test_a_printer_that_is_not_at_the_desk(manager, page, objects):
    for path in ('sheet', 'calibration'):
        assert manager.get(f'{page}/desks/{objects.desk.id}/printers/7/{path}').status_code == 404


def test_what_is_set_at_the_computer_is_said(db, manager, page, objects, form):
    objects.agent.printers = [{**each, 'calibrated': each['name'] == 'labels'} for each in objects.agent.printers]
    db.session.flush()
    html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert 'Set at its computer' in html


def test_labels_that_are_not_those_of_the_badges_are_said(db, manager, page, objects, form):
    form.desk = objects.desk
    for loaded, words in (('na_index-4x6_4x6in', 'The badge measures 96 x 134 mm; labels has 102 x 152 mm loaded.'),
                          ('oe_label_62x29mm', 'so it prints none of these badges')):
        objects.agent.printers = [{'name': 'labels', 'state': 'idle', 'media': [loaded], 'loaded': True}]
        db.session.flush()
        assert words in manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)


def test_a_calibration_stays_with_its_printer(db, manager, page, objects, event, printer):
    other = Agent(event=event, name='Laptop 2', token_hash='x', printers=[{'name': 'labels', 'state': 'idle'}])
    db.session.add(other)
    printer.calibration = {'offset_x_mm': 1.5}
    db.session.flush()
    first, second = f'printer:{objects.agent.id}:labels', f'printer:{other.id}:labels'
    assert not manager.save(f'{page}/desks/{objects.desk.id}/', name='North', delivery=second, second=first)
    db.session.expire_all()
    assert [x.calibration for x in objects.desk.printers] == [None, {'offset_x_mm': 1.5}]
