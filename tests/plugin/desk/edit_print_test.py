"""Edit for this print: one badge with changes, by those who may, printed once, and the registration as it was."""

import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.modules.logs.models.entries import EventLogEntry

from indico_checkin_print import ledger
from indico_checkin_print.agents.candidates import Candidates
from indico_checkin_print.desk import own_desk
from indico_checkin_print.ledger.edited import MAX_COPIES
from indico_checkin_print.ledger.forget import forget
from indico_checkin_print.models.choices import BadgeEdit, BadgeKind, UnpaidPolicy
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import text_item


pytestmark = pytest.mark.usefixtures('no_kick')

S = JobState
ALL = [str(edit) for edit in BadgeEdit]


@pytest.fixture
def rules(db, event):
    """Volunteers may change everything."""
    rules = EventSetup(event=event, edits=ALL)
    db.session.add(rules)
    db.session.flush()
    return rules


@pytest.fixture
def form(form, create_template, agent, desk, db):
    form.template = create_template('Usual', items=[text_item('first_name', 10), text_item('last_name', 50),
                                                    text_item('affiliation', 90)])
    agent.printers = [{'name': name, 'state': 'idle', 'reasons': [], 'accepting': True} for name in ('p1', 'p2')]
    desk.printers.append(DeskPrinter(position=1, agent=agent, printer='p2'))
    db.session.flush()
    return form


@pytest.fixture
def url(event):
    return f'/event/{event.id}/desk/scan/edit'


@pytest.fixture
def show(volunteer, url):
    """Return a function that opens the dialog, and returns its HTML."""
    def _show(registration, **args):
        query = '&'.join(f'{key}={value}' for key, value in args.items())
        response = volunteer.get(f'{url}/{registration.id}?{query}')
        assert response.status_code == 200, response.data
        return response.get_data(as_text=True)
    return _show


@pytest.fixture
def send(db, volunteer, url, show):
    """Return a function that prints from the dialog, and returns the answer."""
    def _send(registration, latest=None, **data):
        if latest is None:
            args = {key: data[key] for key in ('person', 'template') if key in data}
            latest = re.search(r'name="latest" value="(\d+)"', show(registration, **args))
            latest = latest[1] if latest else ''
        fields = {key.replace('text_', 'text.'): value for key, value in data.items()}
        response = volunteer.post(f'{url}/{registration.id}', latest=latest, **fields)
        assert response.status_code == 200, response.data
        db.session.expire_all()
        return response.json
    return _send


@pytest.fixture
def printed(check_in, set_job, reg, form, rules):
    """A badge that is out."""
    job, = check_in(reg)
    return set_job(job, state=S.completed, reason='printed')


def words(job):
    return ' '.join(page.extract_text() for page in PdfReader(BytesIO(job.document.content)).pages)


def problems(answer):
    assert not answer['printed']
    return {problem['field']: problem['text'] for problem in answer['problems']}


def test_the_dialog_has_what_is_on_the_badge(show, printed, reg, form):
    html = show(reg)
    assert [re.search(rf'name="text.{key}" value="(.*?)"', html)[1]
            for key in ('first_name', 'last_name', 'affiliation')] == ['Zoë', 'Müller', '']
    assert 'First Name' in html
    assert re.findall(r'name="printer".*?value="(.*?)"', html, re.DOTALL) == [
        '', *(f'{x.agent_id}:{x.printer}' for x in printed.desk.printers)]
    assert f'max="{MAX_COPIES}"' in html


def test_it_prints_what_was_typed_and_changes_nothing_else(db, send, printed, reg, user, event, log_of):
    answer = send(reg, text_first_name=' Zoe ', text_last_name='Müller', text_affiliation='CERN')
    assert [answer[key] for key in ('printed', 'answer', 'tone', 'registration')] == [True, 'edited', 'good', reg.id]
    job = Job.query.order_by(Job.id.desc()).first()
    assert (job.reprint_of, job.state, job.user, job.desk) == (printed, S.queued, user, printed.desk)
    # the family name stays that of the registration, whatever it will be
    assert job.facts == {'edits': {'first_name': 'Zoe', 'affiliation': 'CERN'}}
    step, = job.history
    assert (step.reason, step.actor, step.detail) == (Reason.edited, f'user:{user.id}', 'desk:earlier')
    render_waiting('test')
    db.session.expire_all()
    assert words(job).split() == ['Zoe', 'Müller', 'CERN']
    assert (reg.first_name, printed.state) == ('Zoë', S.completed)
    log = log_of(event)
    assert 'Badge of "Zoë Müller" printed with changes' in log
    assert 'First Name, Institution' in log
    assert 'CERN' not in log
    assert 'Zoe' not in log


def test_it_is_shown_before_it_is_printed(db, send, printed, reg, agent):
    count = Job.query.count()
    agent.printers = [{**each, 'dpi': 300} if each['name'] == 'p2' else each for each in agent.printers]
    db.session.flush()
    plain, edited, other = (send(reg, show='1', **data) for data in (
        {}, {'text_first_name': '', 'text_last_name': ' '}, {'printer': f'{agent.id}:p2'}))
    assert (plain['problems'], plain['notes'], len(plain['pages'])) == ([], [], 1)
    assert edited['notes'] == [str(Reason.no_name.sentence)]
    assert len({each['pages'][0]['url'] for each in (plain, edited, other)}) == 3
    assert 'text.first_name' in problems(send(reg, show='1', text_first_name='x' * 201))
    assert Job.query.count() == count


def test_who_only_looks_locks_nobody(show, send, printed, reg, statements):
    show(reg)
    send(reg, show='1')
    assert not [statement for statement in statements if 'NO KEY UPDATE' in statement]
    send(reg)
    assert [statement for statement in statements if 'NO KEY UPDATE' in statement]


def test_the_history_says_which_texts_and_not_what_they_say(send, printed, reg, manager, page, template):
    send(reg, text_first_name='Secret Agent', template=template.id)
    send(reg, text_first_name='Secret Agent', printer=f'{printed.desk.printers[1].agent_id}:p2', template='')
    job = Job.query.order_by(Job.id.desc()).first()
    html = manager.get(f'{page}/jobs/{job.id}/history').json['html']
    assert 'Texts: First Name' in html
    assert 'Printer: p2' in html
    assert 'with changes for this print' in html
    assert 'Secret' not in html
    html = manager.get(f'{page}/jobs/{job.id - 1}/history').json['html']
    assert f'Template: {template.title}' in html


def test_a_correction_is_drawn_with_the_same_changes(db, app, send, printed, reg):
    send(reg, text_first_name='Zoe')
    job = Job.query.order_by(Job.id.desc()).first()
    render_waiting('test')
    db.session.expire_all()
    assert job.state == S.ready
    reg.last_name = 'Maier'
    db.session.flush()
    ledger.drop_or_redraw([job], 'test')
    db.session.expire_all()
    assert (job.state, job.reason) == (S.queued, Reason.corrected)
    render_waiting('test')
    db.session.expire_all()
    assert words(job).split() == ['Zoe', 'Maier']


def test_the_own_desk_comes_first(db, event, user, send, printed, reg):
    mine = Desk(event=event, name='Mine')
    db.session.add(mine)
    db.session.flush()
    own_desk.choose(mine, user)
    send(reg)
    job = Job.query.order_by(Job.id.desc()).first()
    assert (job.desk, job.history[0].detail) == (mine, 'desk:volunteer')


@pytest.mark.parametrize('state', [S.held, S.queued, S.ready])
def test_a_badge_that_waits_is_replaced(send, printed, reg, set_job, state):
    set_job(printed, state=state, reason='already_printed')
    send(reg, text_first_name='Zoe')
    assert (printed.state, printed.reason) == (S.canceled, Reason.replaced)
    assert Job.query.filter_by(state=S.queued).one().facts['edits']


def test_all_badges_that_wait_are_replaced(db, send, printed, reg, create_job):
    """One may wait in a batch while the check-in made another."""
    earlier = create_job(reg, S.queued)
    later = create_job(reg, S.held, reason='already_printed')
    send(reg, text_first_name='Zoe')
    for job in (earlier, later):
        db.session.refresh(job)
        assert (job.state, job.reason) == (S.canceled, Reason.replaced)


@pytest.mark.parametrize('state', [S.dispatched, S.printing, S.unknown, S.failed])
def test_any_other_badge_stays_as_it_is(send, printed, reg, set_job, state):
    set_job(printed, state=state)
    send(reg, text_first_name='Zoe')
    assert printed.state == state
    assert Job.query.count() == 2


def test_copies_have_an_outcome_each(send, printed, reg):
    send(reg, text_first_name='Zoe', copies='3')
    jobs = Job.query.filter(Job.id != printed.id).order_by(Job.id).all()
    assert [job.facts for job in jobs] == [{'edits': {'first_name': 'Zoe'}}] * 3
    assert len({job.uuid for job in jobs}) == 3
    assert [job.reprint_of for job in jobs] == [printed, jobs[0], jobs[0]]
    assert [len(job.history) for job in jobs] == [1, 1, 1]


@pytest.mark.parametrize('copies', ['0', '6', '-1', 'x', '', '1e3', '²', '9' * 5000, '00130'])
def test_wrong_copies(send, printed, reg, copies):
    assert 'copies' in problems(send(reg, copies=copies))
    assert Job.query.count() == 1


@pytest.mark.parametrize(('text', 'problem'), [('x' * 201, 'At most'), ('a\x1bb', 'cannot be')])
def test_wrong_texts(send, printed, reg, text, problem):
    found = problems(send(reg, text_first_name=text, text_last_name='fine'))
    assert list(found) == ['text.first_name']
    assert problem in found['text.first_name']
    assert Job.query.count() == 1


def test_a_second_click_prints_nothing_more(send, show, printed, reg):
    latest = str(printed.id)
    assert send(reg, latest, text_first_name='Zoe')['printed']
    assert 'in the meantime' in problems(send(reg, latest, text_first_name='Zoe'))['']
    assert 'in the meantime' in problems(send(reg, 'x'))['']
    assert Job.query.count() == 2


# -- template and printer ---------------------------------------------------------------------------------------------

def test_another_template(db, show, send, printed, reg, create_template):
    other = create_template('Speaker', items=[text_item('full_name', 10), text_item('fixed', 50, text='SPEAKER')])
    html = show(reg, template=other.id)
    assert 'name="text.full_name"' in html
    assert 'name="text.first_name"' not in html
    assert send(reg, template=other.id, text_full_name='Dr Who')['printed']
    job = Job.query.order_by(Job.id.desc()).first()
    assert job.facts == {'template': other.id, 'edits': {'full_name': 'Dr Who'}}
    render_waiting('test')
    db.session.expire_all()
    assert words(job).split() == ['Dr', 'Who', 'SPEAKER']


def test_a_template_of_somebody_else(db, show, send, printed, reg, create_event):
    from indico.modules.designer import TemplateType
    from indico.modules.designer.models.templates import DesignerTemplate
    theirs = DesignerTemplate(type=TemplateType.badge, title='Theirs', event=create_event(99),
                              data={'width': 100, 'height': 100, 'items': [], 'background_position': 'stretch'})
    db.session.add(theirs)
    db.session.flush()
    assert 'Theirs' not in show(reg)
    assert 'has changed' in show(reg, template=theirs.id)
    assert 'has changed' in problems(send(reg, str(printed.id), template=theirs.id))['']


def test_another_printer(db, send, printed, reg, agent, desk, set_job):
    send(reg, printer=f'{agent.id}:p2')
    job = Job.query.order_by(Job.id.desc()).first()
    assert job.facts == {'printer': [agent.id, 'p2']}

    def _choose():
        db.session.expire_all()
        choice, notes = Candidates({desk}).choose(job)
        return choice.printer, [(note['printer'], note['reason']) for note in notes]

    assert _choose() == ('p2', [])
    # others are not sent there
    assert Candidates({desk}).choose(printed)[0].printer == 'p1'
    # it is asked for, and not a reason to wait: the list says why it came out elsewhere
    agent.printers = [agent.printers[0], {**agent.printers[1], 'state': 'stopped', 'reasons': ['media-empty-error']}]
    db.session.flush()
    assert _choose() == ('p1', [('p2', 'media-empty')])


@pytest.mark.parametrize('printer', ['1:p9', 'x', '{agent}:p3', '{agent}:', ':p1'])
def test_a_printer_of_another_desk(send, printed, reg, agent, printer):
    assert 'no such printer' in problems(send(reg, printer=printer.format(agent=agent.id)))['']
    assert Job.query.count() == 1


# -- who and what -----------------------------------------------------------------------------------------------------

def test_only_what_the_event_allows(show, send, printed, reg, rules, template, agent):
    rules.edits = ['copies']
    html = show(reg)
    assert 'name="copies"' in html
    assert not any(f'name="{name}' in html for name in ('text.', 'printer', 'template'))
    assert send(reg, text_first_name='Zoe', copies='2')['printed']
    assert {str(job.facts) for job in Job.query} == {'None'}
    assert 'no such printer' in problems(send(reg, printer=f'{agent.id}:p2'))['']
    assert 'has changed' in problems(send(reg, '1', template=template.id))['']
    rules.edits = ['text']
    assert 'name="copies"' not in show(reg)
    assert send(reg, copies='3')['printed']
    assert Job.query.count() == 4


def test_nothing_is_allowed(show, send, volunteer, event, printed, reg, rules):
    rules.edits = []
    assert 'lets volunteers change nothing' in show(reg)
    assert 'lets volunteers change nothing' in problems(send(reg))['']
    assert 'data-edit-url' not in volunteer.get(f'/event/{event.id}/desk/scan/', xhr=False).get_data(as_text=True)


def test_a_manager_may_change_everything(manager, event, url, printed, reg, rules):
    rules.edits = []
    html = manager.get(f'{url}/{reg.id}').get_data(as_text=True)
    assert all(f'name="{name}' in html for name in ('text.', 'printer', 'template', 'copies'))
    html = manager.get(f'/event/{event.id}/desk/scan/?edit={reg.id}', xhr=False).get_data(as_text=True)
    assert f'data-edit="{reg.id}"' in html


def test_the_defaults_let_no_volunteer_print_another_template(show, check_in, reg, form):
    check_in(reg)
    html = show(reg)
    assert all(f'name="{name}' in html for name in ('text.', 'printer', 'copies'))
    assert 'name="template' not in html


def test_who_is_not_in_gets_none(show, send, reg, form, rules):
    assert 'Check the person in first' in show(reg)
    assert 'Check the person in first' in problems(send(reg))['']
    assert Job.query.count() == 0


@pytest.mark.parametrize('state', [RegistrationState.withdrawn, RegistrationState.rejected, RegistrationState.pending])
def test_who_may_have_no_badge_any_more(show, printed, reg, state):
    reg.state = state
    assert 'not complete any more' in show(reg)


def test_blocked_or_switched_off(show, printed, reg, form):
    with signals.event.is_ticket_blocked.connected_to(lambda registration: True, sender=reg):
        assert 'blocked' in show(reg)
    form.enabled = False
    assert 'prints no badges' in show(reg)


@pytest.mark.parametrize(('policy', 'state'), [(UnpaidPolicy.hold, S.held), (UnpaidPolicy.print, S.queued),
                                               (UnpaidPolicy.skip, None)])
def test_who_has_not_paid(db, send, printed, reg, rules, policy, state):
    rules.unpaid = policy
    reg.state = RegistrationState.unpaid
    db.session.flush()
    answer = send(reg, text_first_name='Zoe')
    if state is None:
        assert 'not paid' in problems(answer)['']
        return
    assert answer['tone'] == ('note' if state == S.held else 'good')
    job = Job.query.order_by(Job.id.desc()).first()
    assert (job.state, job.facts) == (state, {'edits': {'first_name': 'Zoe'}})


def test_a_hidden_person_is_like_nobody(volunteer, url, printed, reg, dummy_regform):
    def _others(regform, user, **kwargs):
        return Registration.first_name != 'Zoë'
    with signals.event.filter_registration_list.connected_to(_others, sender=dummy_regform):
        assert volunteer.get(f'{url}/{reg.id}').status_code == 404
        assert volunteer.post(f'{url}/{reg.id}', latest=printed.id).status_code == 404
    assert volunteer.get(f'{url}/{2**29}').status_code == 404
    assert Job.query.count() == 1


def test_somebody_of_another_event(db, volunteer, url, create_event, create_regform, rules):
    other = Registration(registration_form=create_regform(create_event(78)), first_name='Olga', last_name='Other',
                         currency='EUR', email='olga@example.test', state=RegistrationState.complete)
    db.session.add(other)
    db.session.flush()
    assert volunteer.get(f'{url}/{other.id}').status_code == 404


def test_accompanying_persons(show, send, printed, reg, dummy_regform, mocker):
    dummy_regform.tickets_for_accompanying_persons = True
    mocker.patch.object(Registration, 'accompanying_persons', [{'id': 'x', 'firstName': 'Ada', 'lastName': 'Lace'}])
    html = show(reg, person='x')
    assert 'value="Ada"' in html
    assert 'Ada Lace' in html
    assert send(reg, person='x', text_first_name='Countess')['name'] == 'Ada Lace'
    job = Job.query.order_by(Job.id.desc()).first()
    assert (job.person, job.reprint_of, job.facts) == ('x', None, {'edits': {'first_name': 'Countess'}})
    assert 'has changed' in show(reg, person='y')


def test_a_ticket(show, send, printed, reg, form):
    form.kind = BadgeKind.ticket
    assert 'name="text.' not in show(reg)
    assert send(reg, copies='2')['printed']


def test_a_template_that_cannot_be_drawn(show, printed, reg, form, create_template):
    form.template = create_template('Bad', items=[text_item('fixed_image', 10, height=50, image_id=12345)])
    assert 'Indico could not make the badge from its template.' in show(reg)


# -- afterwards -------------------------------------------------------------------------------------------------------

def test_print_again_repeats_the_changes(db, send, printed, reg, set_job, user, template):
    send(reg, text_full_name_b='Zoe', template=template.id, printer=f'{printed.desk.printers[1].agent_id}:p2')
    job = Job.query.order_by(Job.id.desc()).first()
    set_job(job, state=S.completed)
    other = ledger.reprint(job, user, Reason.misprint)
    assert other.facts == {'template': template.id, 'edits': {'full_name_b': 'Zoe'}}
    # as it is registered now
    assert ledger.reprint(job, user, Reason.name_corrected).facts == {'template': template.id}
    assert ledger.reprint(printed, user, Reason.lost).facts is None


def test_nothing_of_it_stays_if_the_registration_is_purged(db, send, printed, reg):
    send(reg, text_first_name='Zoe', copies='2')
    forget(reg)
    db.session.expire_all()
    assert [job.facts for job in Job.query.order_by(Job.id)] == [None, {}, {}]
    assert EventLogEntry.query.filter(EventLogEntry.data.cast(db.String).contains('Zoe')).count() == 0
