"""What a manager sets up: forms, desks, agents' names, and what the dialogs refuse."""

import re

import pytest

from indico.modules.categories.models.categories import Category
from indico.modules.designer import TemplateType
from indico.modules.designer.models.templates import DesignerTemplate

from indico_checkin_print import sql
from indico_checkin_print.management import base
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.choices import BadgeKind, Fold
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import FormSetup


pytestmark = pytest.mark.usefixtures('no_kick')


# -- registration forms -----------------------------------------------------------------------------------------------

@pytest.fixture
def form_url(page, dummy_regform):
    return f'{page}/forms/{dummy_regform.id}/'


def form_data(template=None, **kwargs):
    fold = {'fold': 'none'} if 'backside' in kwargs else {}
    return {'enabled': 'y', 'kind': 'badge', 'template_id': template.id if template else 0, 'desk_id': 0, **fold,
            **kwargs}


def test_form_badge(manager, form_url, dummy_regform, create_template, objects, log_of, event):
    template = create_template('Nice badge', backside=create_template('Back'))
    html = manager.get(form_url).json['html']
    assert 'Nice badge (96 × 134 mm), with backside' in html
    assert 'The first desk (North)' in html
    assert not manager.save(form_url, **form_data(template, backside='y', desk_id=objects.desk.id))
    setup = FormSetup.query.one()
    assert setup.registration_form == dummy_regform
    assert (setup.enabled, setup.kind, setup.template, setup.backside, setup.desk) == (
        True, BadgeKind.badge, template, True, objects.desk)
    assert 'Nice badge' in log_of(event)
    assert setup.fold == Fold.none


def test_form_folded(manager, page, form_url, form, create_template):
    template = create_template('Nice badge', backside=create_template('Back'))
    assert not manager.save(form_url, **form_data(template, backside='y', fold='side'))
    assert (form.backside, form.fold) == (True, Fold.side)
    assert 'backside at the right, to be folded' in manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert not manager.save(form_url, **form_data(template))
    assert (form.backside, form.fold) == (False, Fold.none)


def test_form_ticket(manager, form_url, form):
    assert not manager.save(form_url, enabled='y', kind='ticket', desk_id=0)
    assert (form.enabled, form.kind, form.template_id, form.backside) == (True, BadgeKind.ticket, None, False)


def test_form_inherited_template(db, manager, form_url, form, dummy_category):
    inherited = DesignerTemplate(category=dummy_category, title='Of the category', type=TemplateType.badge)
    db.session.flush()
    assert not manager.save(form_url, **form_data(inherited))
    assert form.template == inherited


@pytest.mark.parametrize('how', ['other_event', 'other_form', 'poster'])
def test_form_template_that_is_not_for_it(manager, form_url, form, template, create_template, create_event,
                                          create_regform, event, how):
    wrong = create_template('Wrong')
    if how == 'other_event':
        wrong.event = create_event(77)
    elif how == 'other_form':
        wrong.registration_form = create_regform(event)
    else:
        wrong.type = TemplateType.poster
    assert list(manager.save(form_url, **form_data(wrong))) == ['template_id']
    assert form.template == template


@pytest.fixture
def no_default(db):
    """No category has a default badge: Indico's own was deleted."""
    root = Category.get_root()
    root.default_badge_template_id = None
    db.session.flush()
    db.session.expire(root)


def test_form_without_template(db, manager, page, form_url, dummy_category, no_default):
    simple = 'Simple badge: name, affiliation and QR code (54 × 86 mm)'
    assert simple in manager.get(form_url).json['html']
    assert not manager.save(form_url, **form_data())
    assert (FormSetup.query.one().enabled, FormSetup.query.one().template) == (True, None)
    assert 'name, affiliation and QR code, as there is no template' in manager.get(
        f'{page}/setup', xhr=False).get_data(as_text=True)
    assert manager.save(form_url, **form_data(backside='y')) == {'backside': 'This template has no backside.'}
    inherited = DesignerTemplate(category_id=dummy_category.id, title='House style', type=TemplateType.badge)
    db.session.add(inherited)
    db.session.flush()
    dummy_category.default_badge_template_id = inherited.id
    db.session.flush()
    db.session.expire_all()
    html = manager.get(form_url).json['html']
    assert simple not in html
    assert 'Default of the category: House style' in html
    page_html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert 'the default badge of the category, as the form has no template' in page_html


def test_form_no_backside(manager, form_url, template):
    assert manager.save(form_url, **form_data(template, backside='y')) == {
        'backside': 'This template has no backside.'}


def test_form_desk_of_another_event(manager, form_url, template, create_event, make_objects):
    theirs = make_objects(create_event(77))
    assert list(manager.save(form_url, **form_data(template, desk_id=theirs.desk.id))) == ['desk_id']


def test_form_template_is_gone(db, manager, page, form_url, form, template, no_default):
    page_html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert 'as there is no template' not in page_html
    DesignerTemplate.query.filter_by(id=template.id).delete()
    db.session.expire_all()
    page_html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert 'as there is no template' in page_html


def test_switch(manager, page, dummy_regform, form, log_of, event):
    url = f'{page}/forms/{dummy_regform.id}/switch'
    assert manager.post(url, enabled='0').json['enabled'] is False
    assert not form.enabled
    assert manager.post(url, enabled='1').json['enabled'] is True
    assert form.enabled
    assert 'switched off' in log_of(event)
    # without a script
    assert manager.post(url, xhr=False, enabled='0').status_code == 302
    assert not form.enabled


def test_switch_on_without_choice(db, manager, page, dummy_regform, form):
    db.session.delete(form)
    db.session.flush()
    db.session.expire_all()
    answer = manager.post(f'{page}/forms/{dummy_regform.id}/switch', enabled='1').json
    assert answer['enabled'] is False
    assert 'Choose first what the form' in answer['flashed_messages']


# -- desks ------------------------------------------------------------------------------------------------------------

def printer(objects, name='labels'):
    return f'printer:{objects.agent.id}:{name}'


def test_add_desk(manager, page, objects, log_of, event):
    html = manager.get(f'{page}/desks/add').json['html']
    assert 'Laptop 1: labels (QL-1110)' in html
    assert 'Webhook: CRM' in html
    assert not manager.save(f'{page}/desks/add', name='  Desk 2 ', delivery=printer(objects, 'spare'))
    desk = Desk.query.filter_by(event_id=event.id, name='Desk 2').one()
    assert [(x.agent, x.printer) for x in desk.printers] == [(objects.agent, 'spare')]
    assert desk.webhook is None
    assert 'Desk "Desk 2" added' in log_of(event)


def test_edit_desk(db, manager, page, objects):
    url = f'{page}/desks/{objects.desk.id}/'
    assert not manager.save(url, name='South', delivery=f'webhook:{objects.webhook.id}')
    db.session.expire_all()
    assert (objects.desk.name, objects.desk.webhook, objects.desk.printers) == ('South', objects.webhook, [])
    assert not manager.save(url, name='South', delivery=printer(objects))
    db.session.expire_all()
    assert objects.desk.webhook is None
    assert [x.printer for x in objects.desk.printers] == ['labels']
    assert not manager.save(url, name='South', delivery=printer(objects, 'spare'))
    db.session.expire_all()
    assert [x.printer for x in objects.desk.printers] == ['spare']


def test_desk_with_several_printers(db, manager, page, objects, log_of, event):
    url = f'{page}/desks/{objects.desk.id}/'
    other = Agent(event=event, name='Laptop 2', token_hash='x', printers=[{'name': 'labels', 'state': 'idle'}])
    db.session.add(other)
    db.session.flush()
    chosen = [printer(objects, 'spare'), f'printer:{other.id}:labels', printer(objects)]
    assert not manager.save(url, name='North', **dict(zip(('delivery', 'second', 'fourth'), chosen, strict=True)))
    db.session.expire_all()
    assert [(x.agent.name, x.printer) for x in objects.desk.printers] == [
        ('Laptop 1', 'spare'), ('Laptop 2', 'labels'), ('Laptop 1', 'labels')]
    assert 'spare (Laptop 1), labels (Laptop 2), labels (Laptop 1)' in log_of(event)
    assert re.findall(r'<option selected value="(.*?)"', manager.get(url).json['html']) == [*chosen, '']
    assert not manager.save(url, name='North', delivery=chosen[1], second=chosen[0], third='', fourth='')
    db.session.expire_all()
    assert [x.printer for x in objects.desk.printers] == ['labels', 'spare']
    assert not manager.save(url, name='North', delivery=f'webhook:{objects.webhook.id}')
    db.session.expire_all()
    assert objects.desk.printers == []


@pytest.mark.parametrize(('data', 'field'), [
    ({'second': 'labels'}, 'second'),
    ({'second': 'spare', 'fourth': 'spare'}, 'fourth'),
    ({'third': 'no such printer'}, 'third'),
])
def test_desk_with_wrong_printers(manager, page, objects, data, field):
    url = f'{page}/desks/{objects.desk.id}/'
    data = {key: printer(objects, name) for key, name in data.items()}
    assert list(manager.save(url, name='North', delivery=printer(objects), **data)) == [field]


def test_desk_has_printers_or_a_webhook(manager, page, objects):
    assert list(manager.save(f'{page}/desks/{objects.desk.id}/', name='North', second=printer(objects),
                             delivery=f'webhook:{objects.webhook.id}')) == ['second']


def test_edit_desk_hands_over_what_waits(db, manager, page, objects, mocker):
    job = objects.job
    job.state, job.agent, job.printer = JobState.ready, objects.agent, 'labels'
    spare = Agent(event=job.event, name='Laptop 2', token_hash='x', printers=[{'name': 'labels', 'state': 'idle'}])
    db.session.add(spare)
    db.session.flush()
    notify = mocker.patch.object(sql, 'notify_agents')
    assert not manager.save(f'{page}/desks/{objects.desk.id}/', name='North', delivery=f'printer:{spare.id}:labels')
    db.session.refresh(job)
    assert (job.state, job.agent_id, job.printer) == (JobState.ready, None, '')
    notify.assert_called_once_with({objects.agent.id, spare.id})


def test_desk_keeps_unreported_printer(manager, page, objects):
    objects.agent.printers = []
    url = f'{page}/desks/{objects.desk.id}/'
    assert 'Laptop 1: labels (not reported at the moment)' in manager.get(url).json['html']
    assert not manager.save(url, name='Renamed', delivery=printer(objects))
    assert [x.printer for x in objects.desk.printers] == ['labels']
    assert list(manager.save(f'{page}/desks/add', name='New', delivery=printer(objects))) == ['delivery']


@pytest.mark.parametrize(('data', 'field'), [
    ({'name': ''}, 'name'),
    ({'name': '   '}, 'name'),
    ({'name': 'x' * 101}, 'name'),
    ({'name': 'nORTH'}, 'name'),
    ({'delivery': ''}, 'delivery'),
    ({'delivery': 'printer:1:no such printer'}, 'delivery'),
    ({'delivery': 'nonsense'}, 'delivery'),
])
def test_desk_errors(manager, page, objects, data, field):
    data = {'name': 'Desk 2', 'delivery': printer(objects), **data}
    assert list(manager.save(f'{page}/desks/add', **data)) == [field]
    assert Desk.query.count() == 1


def test_desk_of_another_event(manager, page, create_event, make_objects):
    theirs = make_objects(create_event(77))
    for delivery in (printer(theirs), f'webhook:{theirs.webhook.id}'):
        assert list(manager.save(f'{page}/desks/add', name='Mine', delivery=delivery)) == ['delivery']


def test_desk_of_another_event_may_have_the_same_name(manager, page, objects, create_event, make_objects):
    make_objects(create_event(77)).desk.name = 'Same'
    assert not manager.save(f'{page}/desks/add', name='Same', delivery=printer(objects))


def test_webhook_without_badge_is_no_desk(manager, page, objects):
    objects.webhook.send_badge = False
    assert list(manager.save(f'{page}/desks/add', name='Desk 2', delivery=f'webhook:{objects.webhook.id}')) == [
        'delivery']


def test_delete_desk(db, manager, page, objects, form):
    form.desk = objects.desk
    db.session.flush()
    manager.post(f'{page}/desks/{objects.desk.id}/delete')
    db.session.expire_all()
    assert objects.desk.is_deleted
    assert form.desk_id is None
    # its name is free again
    assert not manager.save(f'{page}/desks/add', name='North', delivery=printer(objects))


def test_delete_desk_with_waiting_badges(db, manager, page, objects):
    objects.job.state = JobState.ready
    db.session.flush()
    manager.post(f'{page}/desks/{objects.desk.id}/delete')
    assert not objects.desk.is_deleted
    assert 'Badges still wait for the desk &#34;North&#34;.' in manager.get(f'{page}/setup', xhr=False).text


def test_test_badge(manager, page, objects, manager_user, form):
    assert manager.post(f'{page}/desks/{objects.desk.id}/test', xhr=False).status_code == 302
    job = Job.query.order_by(Job.id.desc()).first()
    assert (job.purpose, job.desk, job.state, job.user) == (Job.PURPOSE_TEST, objects.desk, JobState.queued,
                                                            manager_user)


@pytest.mark.parametrize('kind', ['desks', 'agents', 'webhooks'])
def test_limit(manager, page, objects, monkeypatch, kind):
    monkeypatch.setattr(base, 'MAX_OBJECTS', 2)
    assert manager.get(f'{page}/{kind}/add').status_code == 200
    monkeypatch.setattr(base, 'MAX_OBJECTS', 1)
    for response in (manager.get(f'{page}/{kind}/add'), manager.post(f'{page}/{kind}/add', name='One more')):
        assert response.status_code == 400
        assert 'at most 1 of these' in response.get_data(as_text=True)


# -- agents -----------------------------------------------------------------------------------------------------------

def test_rename_agent(manager, page, objects):
    url = f'{page}/agents/{objects.agent.id}/'
    assert 'value="Laptop 1"' in manager.get(url).json['html']
    assert not manager.save(url, name='Laptop 9')
    assert objects.agent.name == 'Laptop 9'


@pytest.mark.parametrize('name', ['', 'x' * 101, 'laptop 1'])
def test_agent_errors(manager, page, objects, name):
    assert list(manager.save(f'{page}/agents/add', name=name)) == ['name']
    assert Agent.query.count() == 1
