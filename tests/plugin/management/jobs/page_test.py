"""The jobs page: what it shows."""

import re
from datetime import UTC, datetime

import pytest

from indico_checkin_print.management.jobs import query
from indico_checkin_print.models.jobs import JobState


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


@pytest.fixture
def url(page):
    return f'{page}/jobs/'


@pytest.fixture
def show(manager, url):
    """Return a function that shows the page and returns its HTML."""
    def _show(query=''):
        response = manager.get(url + query, xhr=False)
        assert response.status_code == 200
        return response.get_data(as_text=True)
    return _show


def jobs_in(html):
    return [int(id_) for id_ in re.findall(r'data-job="(\d+)"', html)]


# -- the page ---------------------------------------------------------------------------------------------------------

def test_row(show, create_reg, create_job, dummy_regform):
    reg = create_reg('Ada', 'Lovelace')
    job = create_job(reg, checked_in_dt=datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    html = show()
    assert f'href="/event/{job.event_id}/manage/registration/{dummy_regform.id}/registrations/{reg.id}/"' in html
    assert f'#{reg.friendly_id}<' in html
    for words in ('Ada Lovelace', 'North', 'Printed', 'The printer says that the badge is printed.', '4 Mar'):
        assert words in html


def test_filters_and_pages(show, create_job, person, mocker):
    mocker.patch.object(query, 'PAGE_SIZE', 2)
    held = [create_job(person(), S.held, reason='bulk').id for __ in range(5)][::-1]
    create_job(person())
    html = show('?state=held')
    assert jobs_in(html) == held[:2]
    assert 'value="held" autocomplete="off"\n                           checked' in html
    assert 'aria-disabled' in html
    older = re.search(r'href="[^"]*/jobs/\?([^"]*)"\s+rel="next"', html)[1].replace('&amp;', '&')
    html = show(f'?{older}')
    assert jobs_in(html) == held[2:4]
    newer = re.search(r'href="[^"]*/jobs/\?([^"]*)"\s+rel="prev"', html)[1].replace('&amp;', '&')
    assert jobs_in(show(f'?{newer}')) == held[:2]
    # the link to the file and the buttons know what is shown
    assert '/jobs/export?state=held"' in html
    assert f'/jobs/discard?before={held[1]}&amp;state=held"' in html


def test_problems_are_said(show, create_job):
    job = create_job()
    html = show('?state=bogus&at=desk-99999&form=x&before=x&name=' + 'x' * 200)
    for words in ('no such state: bogus', 'no such desk', 'no such registration form', 'too long', 'place in the list'):
        assert words in html
    assert job.id in jobs_in(html)


def test_too_many_people(show, create_reg, create_job, mocker):
    mocker.patch.object(query, 'MAX_PEOPLE', 1)
    for name in 'AB':
        create_job(create_reg('Ada', name))
    html = show('?name=ada')
    assert 'Type more of it' in html
    assert jobs_in(html) == []


def test_nothing_found(show, objects):
    assert 'No badge matches.' in show('?state=rendering')
    assert 'There are no older badges.' in show('?before=1')


def test_escapes(show, create_reg, create_job, objects, dummy_regform):
    evil = '<script>alert(1)</script>"\''
    objects.desk.name = objects.webhook.name = dummy_regform.title = evil
    create_job(create_reg(evil, evil), detail=evil, reason=evil, printer=evil)
    html = show('?state=%3Cscript%3Ealert(1)&name=%22%3E%3Cscript%3Ealert(1)') + show()
    assert 'alert(1)' in html
    assert '<script>alert(1)' not in html


def test_number_of_queries(db, show, person, create_job, count_queries):
    create_job(person())
    show()

    def _count():
        db.session.expire_all()
        with count_queries() as count:
            show()
        return count()

    before = _count()
    for __ in range(10):
        create_job(person())
    assert _count() == before


def test_buttons_of_a_row_lead_back(db, manager, show, create_job, person, url):
    job = create_job(person(), S.failed)
    html = show('?state=failed&name=ada')
    target = re.search(rf'action="([^"]*/jobs/{job.id}/retry[^"]*)"', html)[1].replace('&amp;', '&')
    response = manager.post(target, xhr=False)
    assert response.headers['Location'].endswith(f'{url}?name=ada&state=failed')
    db.session.refresh(job)
    assert job.state == S.queued


def test_history_links_both_ways(manager, page, create_job, person):
    first = create_job(reg := person())
    second = create_job(reg, reprint_of=first, reason='lost')
    html = manager.get(f'{page}/jobs/{first.id}/history').json['html']
    assert f'?before={second.id + 1}#job-{second.id}' in html
    html = manager.get(f'{page}/jobs/{second.id}/history').json['html']
    assert f'?before={first.id + 1}#job-{first.id}' in html


def test_losses_are_said_of_a_badge_that_is_out(manager, page, show, create_job, person):
    job = create_job(person(), facts={'losses': [['missing_glyphs', 'last_name', 'U+E000'], ['blurred', 'x', '1']]})
    assert 'Last Name: boxes in place of U+E000.' in show()
    assert 'Last Name: boxes in place of U+E000.' in manager.get(f'{page}/jobs/{job.id}/history').json['html']


def test_event_page_leads_here(manager, page, url):
    assert f'href="{url}"' in manager.get(f'{page}/', xhr=False).get_data(as_text=True)
