"""What the address of the jobs page means, and which jobs it shows."""

import pytest
from werkzeug.datastructures import MultiDict

from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.errors import TooManyPeople
from indico_checkin_print.management.jobs import query
from indico_checkin_print.management.jobs.filter import MAX_ID, MAX_NAME, Choices, Cursor, JobFilter, list_args, parse
from indico_checkin_print.management.jobs.page import choices_of
from indico_checkin_print.management.jobs.query import Page, find_page, find_people
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState


pytestmark = pytest.mark.usefixtures('no_kick')

CHOICES = Choices(places={'desk-1': 'North', 'webhook-2': 'CRM'}, forms={'3': 'Visitors'})


# -- the address ------------------------------------------------------------------------------------------------------

def test_everything_in_the_address():
    args = MultiDict([('state', 'held'), ('state', 'failed'), ('at', 'desk-1'), ('form', '3'), ('name', ' Ada  L '),
                      ('before', '17')])
    wanted, cursor, problems = parse(args, CHOICES)
    assert wanted == JobFilter(frozenset({JobState.held, JobState.failed}), 'desk-1', '3', 'Ada L')
    assert (wanted.desk_id, wanted.webhook_id, wanted.form_id) == (1, None, 3)
    assert cursor == Cursor(17)
    assert not problems
    args = MultiDict((key, str(value)) for key, values in (wanted.args | cursor.args).items()
                      for value in (values if isinstance(values, list) else [values]))
    assert parse(args, CHOICES) == (wanted, cursor, [])


def test_nothing_in_the_address():
    assert parse(MultiDict([('state', ''), ('at', ''), ('form', ''), ('name', '  '), ('before', '')]), CHOICES) == (
        JobFilter(), None, [])
    assert not JobFilter()
    assert JobFilter().args == {}
    assert JobFilter(place='webhook-2').webhook_id == 2


@pytest.mark.parametrize(('key', 'value', 'problem'), [
    ('state', 'bogus', 'no such state: bogus'),
    ('state', 'x' * 1000, 'no such state: ' + 'x' * 30 + '…'),
    ('state', '1', 'no such state'),
    ('state', '__class__', 'no such state'),
    ('at', 'desk-2', 'no such desk or webhook'),
    ('at', 'desk-1 OR 1=1', 'no such desk or webhook'),
    ('at', '1', 'no such desk or webhook'),
    ('form', '4', 'no such registration form'),
    ('form', 'x', 'no such registration form'),
    ('name', 'x' * (MAX_NAME + 1), 'too long'),
    ('name', 'a\0b', 'a character that no name has'),
    ('before', 'x', 'place in the list'),
    ('before', '-1', 'place in the list'),
    ('before', '1.5', 'place in the list'),
    ('before', '١٢', 'place in the list'),
    ('before', str(MAX_ID + 1), 'place in the list'),
    ('after', '9' * 5000, 'place in the list'),
])
def test_bad_address(key, value, problem):
    """What is wrong is said, and filters nothing."""
    wanted, cursor, problems = parse(MultiDict({key: value}), CHOICES)
    assert (wanted, cursor) == (JobFilter(), None)
    assert len(problems) == 1
    assert problem in problems[0]


def test_good_and_bad_together():
    wanted, __, problems = parse(MultiDict([('state', 'held'), ('state', 'bogus'), ('name', 'Ada')]), CHOICES)
    assert wanted == JobFilter(frozenset({JobState.held}), name='Ada')
    assert len(problems) == 1


def test_list_args():
    args = MultiDict([('state', 'a'), ('state', 'b'), ('before', '3'), ('list', '1'), ('_external', '1'),
                      ('next', 'x')])
    assert list_args(args) == {'state': ['a', 'b'], 'before': ['3']}


def test_choices(db, event, objects, create_event, make_objects, create_job, dummy_regform):
    make_objects(create_event(77))
    gone, unused = (Desk(event=event, name=name, is_deleted=True) for name in ('Gone', 'Unused'))
    db.session.add_all([gone, unused])
    create_job(desk=gone)
    objects.webhook.is_deleted = True
    choices = choices_of(event)
    assert choices.places == {f'desk-{objects.desk.id}': 'North', f'desk-{gone.id}': 'Gone (deleted)'}
    assert choices.forms == {str(dummy_regform.id): dummy_regform.title}


# -- pages ------------------------------------------------------------------------------------------------------------

@pytest.fixture
def small_pages(mocker):
    mocker.patch.object(query, 'PAGE_SIZE', 3)


@pytest.fixture
def jobs(event, create_job, create_event, make_objects, small_pages):
    """Return the ids of eight badges, newest first; those of other events lie between them."""
    Job.query.filter_by(event_id=event.id).delete()
    ids = []
    for number in range(8):
        ids.append(create_job(purpose=f'test {number}').id)
        make_objects(create_event(77 + number))
    return ids[::-1]


def test_pages(event, jobs):
    first = find_page(event.id, JobFilter(), None)
    assert first == Page(jobs[:3], newer=None, older=Cursor(jobs[2]))
    second = find_page(event.id, JobFilter(), first.older)
    assert second == Page(jobs[3:6], newer=Cursor(jobs[3], older=False), older=Cursor(jobs[5]))
    last = find_page(event.id, JobFilter(), second.older)
    assert last == Page(jobs[6:], newer=Cursor(jobs[6], older=False), older=None)
    assert find_page(event.id, JobFilter(), last.newer) == second
    # the first page has nothing newer
    assert find_page(event.id, JobFilter(), second.newer) == first


def test_back_to_a_beginning_that_has_grown(event, jobs, create_job):
    second = find_page(event.id, JobFilter(), Cursor(jobs[2]))
    newest = [create_job(purpose=f'new {n}').id for n in range(1)][::-1]
    page = find_page(event.id, JobFilter(), second.newer)
    assert page == Page(jobs[:3], newer=Cursor(jobs[0], older=False), older=Cursor(jobs[2]))
    page = find_page(event.id, JobFilter(), page.newer)
    assert page == Page([*newest, *jobs[:2]], newer=None, older=Cursor(jobs[1]))


def test_beyond_the_ends(event, jobs):
    assert find_page(event.id, JobFilter(), Cursor(0)) == Page([])
    assert find_page(event.id, JobFilter(), Cursor(MAX_ID, older=False)).ids == jobs[:3]


def test_exactly_one_page(db, event, jobs):
    Job.query.filter(Job.id.in_(jobs[3:])).delete()
    assert find_page(event.id, JobFilter(), None) == Page(jobs[:3])


def test_by_state(db, event, jobs):
    states = ('held', 'failed', 'held', 'failed', 'held', 'failed', 'completed', 'sent')
    for id_, state in zip(jobs, states, strict=True):
        Job.query.filter_by(id=id_).update({'state': JobState[state]})
    wanted = JobFilter(frozenset({JobState.held, JobState.failed}))
    assert find_page(event.id, wanted, None) == Page(jobs[:3], older=Cursor(jobs[2]))
    assert find_page(event.id, wanted, Cursor(jobs[2])).ids == jobs[3:6]
    assert find_page(event.id, wanted, Cursor(jobs[5], older=False)).ids == jobs[2:5]
    assert find_page(event.id, JobFilter(frozenset({JobState.sent})), None) == Page(jobs[7:])
    assert find_page(event.id, JobFilter(frozenset(JobState)), None).ids == jobs[:3]


def test_by_place_and_form(db, event, objects, create_job, create_regform, create_reg, reg_of):
    spare = Desk(event=event, name='Spare')
    db.session.add(spare)
    form = create_regform(event)
    here, there = create_reg('Ada', 'A'), reg_of(form, 'Bob', 'B')
    at_spare = create_job(here, desk=spare).id
    hook = create_job(here, purpose='webhook:1', desk=None, webhook=objects.webhook).id
    other_form = create_job(there).id

    def _found(**kwargs):
        return find_page(event.id, JobFilter(**kwargs), None).ids

    assert _found(place=f'desk-{spare.id}') == [at_spare]
    assert _found(place=f'webhook-{objects.webhook.id}') == [hook]
    assert _found(form=str(form.id)) == [other_form]
    assert _found(form=str(form.id), place=f'desk-{spare.id}') == []
    assert _found(form=str(here.registration_form_id), states=frozenset({JobState.completed})) == [hook, at_spare]


# -- names ------------------------------------------------------------------------------------------------------------

@pytest.fixture
def reg_of(db, create_reg):
    """Return a function that makes a registration of any form."""
    def _reg_of(form, *names):
        registration = create_reg(*names)
        db.session.execute(db.update(Registration.__table__).where(Registration.id == registration.id)
                           .values(event_id=form.event_id, registration_form_id=form.id))
        db.session.expire_all()
        return registration
    return _reg_of


@pytest.fixture
def search(event):
    """Return a function that searches for a name and returns what was found, as names."""
    def _search(name, **kwargs):
        ids = find_people(event.id, JobFilter(name=name, **kwargs))
        return {registration.first_name for registration in Registration.query.filter(Registration.id.in_(ids))}
    return _search


def test_names(search, create_reg, event):
    create_reg('José', 'Núñez')
    create_reg('Josephine', 'Baker')
    create_reg('100%', 'Under_score')
    create_reg('Back\\slash', "O'Neill")
    assert search('jose') == {'José', 'Josephine'}
    assert search('JOSÉ') == {'José', 'Josephine'}
    assert search('nunez jose') == {'José'}
    assert search('e ba') == {'Josephine', 'Back\\slash'}
    assert search('%') == {'100%'}
    assert search('r_s') == {'100%'}
    assert search('\\') == {'Back\\slash'}
    assert search("o'neill") == {'Back\\slash'}
    assert search('nobody') == set()
    assert find_people(event.id, JobFilter()) is None


def test_numbers(search, create_reg):
    ada, __ = create_reg('Ada', 'A'), create_reg('Bob', 'B')
    number = ada.friendly_id
    seven = create_reg(f'Agent {number}', 'X')
    assert search(f'#{number}') == {'Ada'}
    assert search(str(number)) == {'Ada', seven.first_name}
    assert search('#') == set()
    assert search('#9999999') == set()
    assert search('9' * 50) == set()


def test_accompanying_persons(search, dummy_reg, create_reg, dummy_accompanying_persons_field):
    person = dummy_reg.accompanying_persons[0]
    create_reg('Ada', 'Lovelace')
    assert search(f'{person["lastName"]} {person["firstName"]}'.upper()) == {dummy_reg.first_name}
    assert search(f'{person["lastName"]} Lovelace') == set()


def test_names_of_this_event_and_form_only(event, search, create_reg, reg_of, create_event, create_regform):
    form, other = create_regform(event), create_event(77)
    mine = create_reg('Ada', 'Mine')
    reg_of(form, 'Eve', 'Mine')
    reg_of(create_regform(other), 'Mallory', 'Mine')
    assert search('mine') == {'Ada', 'Eve'}
    assert search('mine', form=str(mine.registration_form_id)) == {'Ada'}


def test_jobs_of_people(event, objects, create_reg, create_job):
    ada, bob = create_reg('Ada', 'A'), create_reg('Bob', 'B')
    badge = create_job(ada)
    create_job(bob)
    reprint = create_job(ada, reprint_of=badge, state=JobState.failed)
    hook = create_job(ada, purpose='webhook:1', desk=None, webhook=objects.webhook)
    assert find_page(event.id, JobFilter(name='ada'), None).ids == [hook.id, reprint.id, badge.id]
    assert find_page(event.id, JobFilter(name='ada'), Cursor(hook.id)).ids == [reprint.id, badge.id]
    assert find_page(event.id, JobFilter(frozenset({JobState.failed}), name='ada'), None).ids == [reprint.id]
    assert find_page(event.id, JobFilter(place=f'webhook-{objects.webhook.id}', name='ada'), None).ids == [hook.id]
    assert find_page(event.id, JobFilter(name='nobody'), None) == Page([])


def test_too_many_people(event, create_reg, mocker):
    mocker.patch.object(query, 'MAX_PEOPLE', 2)
    create_reg('Ada', 'A')
    create_reg('Bob', 'A')
    assert len(find_people(event.id, JobFilter(name='a'))) == 2
    create_reg('Eve', 'A')
    with pytest.raises(TooManyPeople):
        find_people(event.id, JobFilter(name='a'))
