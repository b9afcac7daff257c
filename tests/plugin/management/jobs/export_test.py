"""The jobs of the page as a file for a spreadsheet."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from indico_checkin_print.management.jobs import export as export_module
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


@pytest.fixture
def url(page):
    return f'{page}/jobs/'


@pytest.fixture
def export(manager, url):
    """Return a function that returns the lines of the file as dicts."""
    def _export(query=''):
        response = manager.get(f'{url}export{query}', xhr=False)
        assert response.status_code == 200
        assert response.headers['Content-Type'] == 'text/csv; charset=utf-8'
        assert re.fullmatch(r'attachment; filename=badges-\d+-\d{8}-\d{4}\.csv',
                            response.headers['Content-Disposition'])
        data = response.get_data()
        assert data.count(b'\xef\xbb\xbf') == 1
        return list(csv.DictReader(io.StringIO(data.decode('utf-8-sig'))))
    return _export


def test_export(db, event, export, create_reg, create_job, objects, dummy_regform):
    reg = create_reg('Zoë', 'Müller')
    scanned = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    badge = create_job(reg, checked_in_dt=scanned, created_dt=scanned, changed_dt=scanned + timedelta(seconds=1.23),
                       printer='labels')
    reprint = create_job(reg, S.failed, reprint_of=badge, reason='media-jam', detail='look inside', created_dt=scanned,
                       changed_dt=scanned)
    hook = create_job(reg, S.held, purpose='webhook:1', desk=None, webhook=objects.webhook, reason='paused')
    test, = Job.query.filter_by(purpose=Job.PURPOSE_TEST, event_id=event.id)
    lines = export()
    assert [int(line['ID']) for line in lines] == [hook.id, reprint.id, badge.id, test.id]
    local = scanned.astimezone(event.tzinfo).strftime('%Y-%m-%d %H:%M:%S')
    assert lines[2] == {
        'ID': str(badge.id), 'Name': 'Zoë Müller', 'Registration number': str(reg.friendly_id),
        'Registration form': dummy_regform.title, 'Desk or webhook': 'North', 'Printer': 'labels', 'State': 'Printed',
        'Reason': 'The printer says that the badge is printed.', 'Detail': '', 'Checked in (UTC)': local,
        'Created (UTC)': local, 'Last change (UTC)': local.replace(':00:00', ':00:01'),
        'Seconds to paper': '1.2', 'Reprint of ID': '',
        'Printed again': '1'}
    assert (lines[1]['Reprint of ID'], lines[1]['Seconds to paper']) == (str(badge.id), '')
    assert lines[1]['Detail'] == 'look inside'
    assert (lines[0]['Desk or webhook'], lines[0]['State'], lines[0]['Printed again']) == ('CRM', 'Held', '0')
    assert (lines[3]['Name'], lines[3]['Registration number']) == ('Test badge', '')


def test_export_of_what_is_shown(export, create_reg, create_job):
    held = create_job(create_reg('Ada', 'A'), S.held, reason='bulk').id
    create_job(create_reg('Bob', 'B'), S.held, reason='bulk')
    create_job(create_reg('Ada', 'C'))
    assert [int(line['ID']) for line in export('?state=held&name=ada')] == [held]
    # all pages, wherever one is
    assert len(export('?before=1')) == 4
    assert export('?state=rendering') == []


def test_export_in_parts(export, create_job, person, mocker):
    mocker.patch.object(export_module, 'CHUNK', 3)
    ids = [create_job(person()).id for __ in range(6)][::-1]
    assert [int(line['ID']) for line in export('?state=completed')] == ids


def test_export_holds_no_formulas(export, create_reg, create_job, objects, dummy_regform):
    objects.desk.name = '=1+1'
    dummy_regform.title = '@SUM(A1)'
    create_job(create_reg('=HYPERLINK("http://evil")', '+1'), detail='\t=1+1\n-2', printer='  -1', reason='+x')
    line = export()[0]
    for value in line.values():
        assert not re.match(r'\s*[=+@-]', value), value
    assert line['Name'].startswith('HYPERLINK(')


def test_export_of_accompanying_person(export, create_job, dummy_reg, dummy_accompanying_persons_field):
    person = dummy_reg.accompanying_persons[0]
    create_job(dummy_reg, person=person['id'])
    assert export()[0]['Name'] == f'{person["firstName"]} {person["lastName"]}'


@pytest.mark.parametrize('query', ['?state=bogus', '?at=desk-9999', '?form=x', '?name=' + 'x' * 200, '?before=x'])
def test_export_refuses_what_it_does_not_understand(manager, url, query):
    assert manager.get(f'{url}export{query}').status_code == 400


def test_export_of_deleted_desk(db, event, export, create_job, person):
    gone = Desk(event=event, name='Gone', is_deleted=True)
    db.session.add(gone)
    create_job(person(), desk=gone)
    assert export()[0]['Desk or webhook'] == 'Gone (deleted)'
