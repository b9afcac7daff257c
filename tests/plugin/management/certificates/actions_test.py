"""What is done to several certificates at once, and that nothing happens to those that are hidden."""

import pytest

from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.states import CertificateState as C


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def do(db, manager, here, flashes):
    """Return a function that presses a button above the list, and returns what the page says then."""
    def _do(act, *chosen, query='', **fields):
        response = manager.post(f'{here}/list/act?{query}', act=act, certificate_id=[one.id for one in chosen],
                                **fields)
        assert response.status_code == 302
        assert response.location.partition('?')[2] == query
        db.session.expire_all()
        return flashes()
    return _do


def test_retry_and_publish(do, people, create_certificate, log_of, event):
    failed, made = create_certificate(people[0], C.failed), create_certificate(people[1], pdf=b'%PDF')
    assert 'Choose some certificates first.' in do('retry')
    assert 'Choose some certificates first.' in do('nonsense', made)
    assert 'tried once more: 1' in do('retry', failed, made, query='state=failed')
    assert (failed.state, failed.reason, made.state) == (C.queued, 'asked', C.ready)
    assert 'were published: 1' in do('publish', failed, made)
    assert (failed.published_dt, made.published_dt is not None) == (None, True)
    assert 'possible for none' in do('publish', made)
    assert 'Certificates published' in log_of(event)


def test_a_type_that_is_off_publishes_nothing(do, attendee, create_certificate):
    made = create_certificate(pdf=b'%PDF')
    attendee.enabled = False
    assert 'possible for none' in do('publish', made)


def test_all_that_match(do, create_certificate):
    ones = [create_certificate(pdf=b'%PDF', full_name=name) for name in ('Ada One', 'Ada Two', 'Bob Three')]
    assert 'were published: 1' in do('publish', query='name=bob', whole='1')
    assert [one.published_dt is not None for one in ones] == [False, False, True]


def test_a_filter_that_is_wrong_acts_on_nothing(manager, here, create_certificate):
    made = create_certificate(pdf=b'%PDF')
    response = manager.post(f'{here}/list/act?type=nonsense', act='publish', whole='1')
    assert response.status_code == 400 or 'no such filter' in response.get_data(as_text=True)
    assert made.published_dt is None


def test_revoke_and_restore(db, manager, here, do, people, create_certificate):
    made, queued = create_certificate(people[0], pdf=b'%PDF'), create_certificate(people[1])
    chosen = {'certificate_id': [made.id, queued.id]}
    html = manager.post(f'{here}/list/revoke', **chosen).json['html']
    assert 'Issued certificates that you have chosen: 1.' in html
    assert manager.save(f'{here}/list/revoke', **chosen, submitted='1', why='').keys() == {'why'}
    assert manager.save(f'{here}/list/revoke', **chosen, submitted='1', why='By mistake') == {}
    db.session.expire_all()
    assert (made.state, made.revoked_why, queued.state) == (C.revoked, 'By mistake', C.queued)
    assert 'valid once more: 1' in do('restore', made, queued)
    assert made.state == C.queued


def test_hidden_people(db, manager, here, do, people, create_certificate, hide):
    for state in (C.failed, C.ready, C.revoked):
        create_certificate(people[1], state, pdf=b'%PDF' if state == C.ready else None)
    theirs = Certificate.query.order_by(Certificate.id).all()
    before = [(one.state, one.published_dt) for one in theirs]
    for act in ('retry', 'publish', 'restore'):
        for how in ({}, {'whole': '1'}):
            assert 'possible for none' in do(act, *theirs, **how)
    manager.post(f'{here}/list/revoke', certificate_id=[one.id for one in theirs], submitted='1', why='x')
    db.session.expire_all()
    assert [(one.state, one.published_dt) for one in theirs] == before


@pytest.mark.parametrize('chosen', [['x'], [str(2**70)], ['٣'], [str(n) for n in range(1, 300)]])
def test_what_is_no_number(manager, here, types, chosen):
    response = manager.post(f'{here}/list/act', act='publish', certificate_id=chosen)
    assert response.status_code == 400 or 'error' in response.json
