"""What became of the badges of a person, asked again and again."""

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.models.jobs import Job, JobState


pytestmark = pytest.mark.usefixtures('no_kick')


def test_progress(db, volunteer, url, scan, code_of, reg, form, set_job, agent):
    assert volunteer.get(f'{url}/badges/{reg.id}').json == {'badges': [], 'prints': True, 'ended': True}
    scan(code_of(reg))
    first = volunteer.get(f'{url}/badges/{reg.id}')
    badge, = first.json['badges']
    assert (badge['name'], badge['where'], badge['tone']) == ('Zoë Müller', 'Desk 1', 'note')
    assert first.json['ended'] is False

    def _ask_with(etag):
        return volunteer.client.get(f'{url}/badges/{reg.id}', headers={'If-None-Match': etag})

    assert _ask_with(first.headers['ETag']).status_code == 304
    job = Job.query.one()
    set_job(job, state=JobState.printing, agent_id=agent.id, printer='p1', changed_dt=now_utc())
    second = _ask_with(first.headers['ETag'])
    assert second.json['badges'][0]['state'] == 'Printing'
    # the printer runs out of labels, which changes no job
    agent.printers = [{'name': 'p1', 'state': 'stopped', 'reasons': ['media-empty-error']}]
    db.session.flush()
    third = _ask_with(second.headers['ETag'])
    assert third.status_code == 200
    assert third.json['badges'][0]['why']
    set_job(job, state=JobState.completed, reason='printed', changed_dt=now_utc())
    last = _ask_with(third.headers['ETag']).json
    assert (last['badges'][0]['state'], last['badges'][0]['tone'], last['ended']) == ('Printed', 'good', True)


def test_a_held_badge_is_followed_until_it_is_out(volunteer, url, scan, code_of, reg, form, set_job):
    scan(code_of(reg))
    job = Job.query.one()
    set_job(job, state=JobState.held, reason='paused', changed_dt=now_utc())
    held = volunteer.get(f'{url}/badges/{reg.id}')
    badge, = held.json['badges']
    assert (badge['tone'], badge['held'], badge['ended'], held.json['ended']) == ('stop', True, False, False)
    set_job(job, state=JobState.completed, reason='printed', changed_dt=now_utc())
    out = volunteer.client.get(f'{url}/badges/{reg.id}', headers={'If-None-Match': held.headers['ETag']}).json
    assert (out['badges'][0]['state'], out['badges'][0]['held'], out['ended']) == ('Printed', False, True)


def test_a_form_that_prints_nothing(volunteer, url, scan, code_of, reg):
    scan(code_of(reg))
    assert volunteer.get(f'{url}/badges/{reg.id}').json == {'badges': [], 'prints': False, 'ended': True}


def test_asking_again_is_cheap(volunteer, url, scan, code_of, reg, form, statements):
    scan(code_of(reg))
    etag = volunteer.get(f'{url}/badges/{reg.id}').headers['ETag']
    statements.clear()
    assert volunteer.client.get(f'{url}/badges/{reg.id}', headers={'If-None-Match': etag}).status_code == 304
    assert len([x for x in statements if 'plugin_checkin_print' in str(x)]) == 2
