"""What an event takes over that is cloned from one that prints, and what it must not have."""

from datetime import timedelta
from io import BytesIO

import pytest
from flask import session

from indico.modules.designer import TemplateType
from indico.modules.designer.models.images import DesignerImageFile
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.cloning import EventCloner, get_event_cloners
from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.models.events import EventType
from indico.modules.events.models.roles import EventRole
from indico.modules.events.operations import clone_event, clone_into_event
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.modules.events.registration.util import clone_registration_form, create_personal_data_fields

from indico_checkin_print.badge.render import render
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.choices import BadgeKind, ReprintPolicy, UnpaidPolicy
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.routing.rules import FormIs, HasAnswer, HasRole, HasTag, OnDay, Rule, SurnameIn, dump, parse
from indico_checkin_print.routing.template_rules import TemplateRule
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import text_item


pytestmark = pytest.mark.usefixtures('no_kick')

#: A picture of one white pixel
PIXEL = bytes.fromhex('89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff3f'
                      '0005fe02fea735819d0000000049454e44ae426082')


@pytest.fixture
def rules(db, event):
    rules = EventSetup(event=event, paused=True, unpaid=UnpaidPolicy.print, reprint=ReprintPolicy.skip, bulk_limit=3,
                       sources=['app'], badge_desk=True)
    db.session.add(rules)
    db.session.flush()
    return rules


@pytest.fixture
def clone(app, db, event, dummy_user):
    """Return a function that clones the event as the dialog does."""
    def _clone(*cloners, into=None, **kwargs):
        with app.test_request_context():
            session.set_session_user(dummy_user)
            cloners = {'checkin_print', 'registration_forms', *cloners}
            if into is not None:
                return clone_into_event(event, into, cloners)
            return clone_event(event, 1, event.start_dt + timedelta(days=365), cloners, **kwargs)
    return _clone


@pytest.fixture
def option(app, event):
    """Return a function that returns the dialog's option for an event."""
    def _option(of=event):
        with app.test_request_context():
            return next(x for x in EventCloner.get_cloners(of) if x.name == 'checkin_print')
    return _option


def setup_of(event):
    form, = event.registration_forms
    return form.checkin_print_setup


def test_rules(clone, rules, form):
    new = EventSetup.query.get(clone().id)
    assert (new.unpaid, new.reprint) == (UnpaidPolicy.print, ReprintPolicy.skip)
    assert (new.bulk_limit, new.sources, new.badge_desk) == (3, ['app'], True)
    assert not new.paused


def test_defaults_are_cloned_as_defaults(clone, form):
    """An event with the defaults has a clone with the defaults."""
    assert EventSetup.query.get(clone().id) is None


def test_desks_have_names_and_nothing_else(db, event, clone, desk, form, webhook):
    south = Desk(event=event, name='South', webhook=webhook, paused=True)
    db.session.add_all([Desk(event=event, name='Closed', is_deleted=True), south])
    form.desk = south
    new = clone()
    desks = Desk.query.filter_by(event_id=new.id).order_by(Desk.id).all()
    assert [(x.name, x.printers, x.webhook_id, x.paused) for x in desks] == [
        ('Desk 1', [], None, False), ('South', [], None, False)]
    assert setup_of(new).desk == desks[1]


def test_nothing_that_lets_somebody_in(db, clone, agent, desk, form, webhook, check_in, reg):
    check_in(reg)
    render_waiting('test')
    new = clone('registrations')
    for model in (Agent, Webhook, Job):
        assert not model.query.filter_by(event_id=new.id).has_rows()
    # the registrations came along, and nobody of them is checked in
    assert [x.checked_in for x in new.registrations] == [False]


def test_what_a_form_prints(event, clone, create_template, form):
    form.template = create_template('Two sides', backside=create_template('Back'))
    form.backside = True
    new = clone()
    setup = setup_of(new)
    assert (setup.enabled, setup.kind, setup.backside, setup.desk) == (True, BadgeKind.badge, True, None)
    assert setup.template.event == setup.template.backside_template.event == new
    assert [x.title for x in (setup.template, setup.template.backside_template)] == ['Two sides', 'Back']
    assert setup.template.data == form.template.data
    # what nobody prints stays where it is
    assert {x.title for x in new.designer_templates} == {'Two sides', 'Back'}
    # and the event that was cloned has what it had
    assert form.template.event == event


def test_a_template_of_two_forms_is_copied_once(db, event, clone, form, create_regform, template):
    other = create_regform(event, title='Other')
    db.session.add(FormSetup(registration_form=other, enabled=False, kind=BadgeKind.badge, template=template))
    db.session.flush()
    new = clone()
    first, second = (x.checkin_print_setup for x in new.registration_forms)
    assert first.template == second.template
    assert {first.enabled, second.enabled} == {True, False}


def test_a_ticket_needs_no_template(clone, form):
    form.kind, form.template = BadgeKind.ticket, None
    setup = setup_of(clone())
    assert (setup.enabled, setup.kind, setup.template) == (True, BadgeKind.ticket, None)


@pytest.fixture
def inherited(db, event, dummy_category, form):
    """The template of the form, when it is one of the event's category."""
    event.category = dummy_category
    form.template = DesignerTemplate(type=TemplateType.badge, title='Of the house', category=dummy_category,
                                     data=form.template.data)
    db.session.flush()
    return form.template


def test_an_inherited_template_is_the_same_one(clone, inherited):
    assert setup_of(clone()).template == inherited


def test_a_template_of_a_category_that_the_clone_is_not_in(clone, form, inherited, create_category):
    form.backside = True
    new = clone(category=create_category(500, title='Elsewhere'))
    # its line on the page says that the template is missing
    assert (setup_of(new).enabled, setup_of(new).template, setup_of(new).backside) == (True, None, False)


def test_fields_and_pictures_of_a_template(db, clone, create_template, form, reg, dummy_regform):
    create_personal_data_fields(dummy_regform)
    db.session.flush()
    field = RegistrationFormField.query.filter_by(registration_form=dummy_regform, title='Affiliation').one()
    old = form.template
    old.link_regform(dummy_regform)
    images = [DesignerImageFile(filename=f'{n}.png', content_type='image/png', template=old) for n in (1, 2)]
    for image in images:
        image.save(BytesIO(PIXEL))
    db.session.flush()
    place = text_item('fixed_image', 200) | {'width': 100, 'height': 100}
    old.background_image = images[0]
    old.data = old.data | {'items': [
        *old.data['items'], {**old.data['items'][0], 'type': f'field-{field.id}'},
        {**old.data['items'][0], 'type': 'field-123456789'},
        {**place, 'image_id': images[1].id}, {**place, 'image_id': 123456789}]}
    db.session.flush()
    new_event = clone('registrations')
    new = setup_of(new_event).template
    new_form, = new_event.registration_forms
    assert new.registration_form == new_form
    new_field = RegistrationFormField.query.filter_by(registration_form=new_form, title='Affiliation').one()
    # what was about nothing any more is left out
    assert [item['type'] for item in new.data['items']] == [
        'full_name_b', 'ticket_qr_code', f'field-{new_field.id}', 'fixed_image']
    picture = DesignerImageFile.get(new.data['items'][-1]['image_id'])
    assert picture.template == new.background_image.template == new
    assert (picture.filename, new.background_image.filename) == ('2.png', '1.png')
    with picture.open() as stream:
        assert stream.read() == PIXEL
    badge = render(new_form.registrations[0], setup_of(new_event))
    assert badge.content.startswith(b'%PDF')


def test_without_the_forms(app, event, rules, form, desk, dummy_user):
    with app.test_request_context():
        session.set_session_user(dummy_user)
        new = clone_event(event, 1, event.start_dt, {'checkin_print'})
    assert EventSetup.query.get(new.id) is not None
    assert [x.name for x in Desk.query.filter_by(event_id=new.id)] == ['Desk 1']
    assert not DesignerTemplate.query.filter_by(event_id=new.id, type=TemplateType.badge).has_rows()


def test_a_form_that_is_duplicated(db, event, form, desk, template):
    old, form.desk = form.registration_form, desk
    new = clone_registration_form(old, 'Late comers').checkin_print_setup
    db.session.flush()
    assert new is not form
    assert {key: getattr(new, key) for key in ('enabled', 'kind', 'backside', 'desk', 'template')} == {
        key: getattr(form, key) for key in ('enabled', 'kind', 'backside', 'desk', 'template')}
    assert (new.desk, new.template) == (desk, template)
    # one that shows the fields of a form is for that form
    template.registration_form = old
    assert clone_registration_form(old, 'Speakers').checkin_print_setup.template is None
    # a form without a setup has copies without one
    db.session.delete(form)
    db.session.flush()
    db.session.expire(old)
    assert clone_registration_form(old, 'Staff').checkin_print_setup is None


def test_the_forms_alone_take_nothing_along(app, event, form, dummy_user):
    with app.test_request_context():
        session.set_session_user(dummy_user)
        new = clone_event(event, 1, event.start_dt + timedelta(days=365), {'registration_forms'})
    assert setup_of(new) is None


def test_the_dialog_offers_it_where_there_is_something(app, db, event, option):
    assert option().is_visible
    assert not option().is_available
    assert 'Check-in printing' in str(option().friendly_name)
    db.session.add(Desk(event=event, name='North'))
    db.session.flush()
    assert option().is_available
    set_feature_enabled(event, 'registration', False)
    assert not option().is_visible
    with app.test_request_context():
        assert get_event_cloners()['checkin_print'].plugin.name == 'checkin_print'


def test_import_into_an_event(db, event, option, clone, rules, form, create_event):
    target = create_event(78)
    assert not option().get_conflicts(target)
    clone(into=target)
    assert EventSetup.query.get(target.id).bulk_limit == 3
    assert setup_of(target).template.event == target
    assert option().get_conflicts(target) == ['The target event already has settings for check-in printing']
    assert form.template.event == event


def test_desk_rules(db, event, clone, form, desk, dummy_regform):
    event.type_ = EventType.conference
    tag, other = (RegistrationTag(event=event, title=title, color='red') for title in ('VIP', 'Press'))
    role = EventRole(event=event, name='Staff', code='ST', color='005272')
    db.session.add_all([tag, other, role])
    db.session.flush()
    field = dummy_regform.sections[0].fields[0]
    day = event.start_dt.astimezone(event.tzinfo).date()
    rules = [Rule(4, desk.id, (FormIs((dummy_regform.id,)), HasAnswer(field.id, ('x',)))),
             Rule(2, desk.id, (HasTag((tag.id, 99999)), SurnameIn('A', 'K')), 'words'),
             Rule(3, desk.id, (HasRole((role.id,), (7,), (8,)), OnDay((day,)))),
             Rule(5, desk.id, (HasTag((99999,)), SurnameIn('L')))]
    db.session.add(EventSetup(event=event, desk_rules=dump(rules)))
    db.session.flush()
    new = clone('registration_tags', 'event_roles')
    new_form, = new.registration_forms
    new_tag = next(x for x in new.registration_tags if x.title == 'VIP')
    new_desk = Desk.query.filter_by(event_id=new.id).one()
    new_field = next(x for x in new_form.sections[0].fields if x.title == field.title)
    assert parse(EventSetup.query.get(new.id).desk_rules) == (
        Rule(4, new_desk.id, (FormIs((new_form.id,)), HasAnswer(new_field.id, ('x',)))),
        Rule(2, new_desk.id, (HasTag((new_tag.id,)), SurnameIn('A', 'K')), 'words'),
        Rule(3, new_desk.id, (HasRole((new.roles[0].id,), (7,), (8,)),
                              OnDay((new.start_dt.astimezone(new.tzinfo).date(),)))))
    # without tags and roles, their rules stay behind
    assert [rule.id for rule in parse(EventSetup.query.get(clone().id).desk_rules)] == [4, 3]


def test_template_rules(db, event, clone, form, template, create_template, dummy_regform):
    event.type_ = EventType.conference
    tag = RegistrationTag(event=event, title='VIP', color='red')
    db.session.add(tag)
    gold, other = create_template('Gold'), create_template('Other')
    db.session.flush()
    rules = [TemplateRule(4, gold.id, (HasTag((tag.id,)),), True), TemplateRule(2, 10**6, (HasTag((tag.id,)),)),
             TemplateRule(3, template.id, (FormIs((dummy_regform.id,)),))]
    db.session.add(EventSetup(event=event, template_rules=dump(rules)))
    db.session.flush()
    new = clone('registration_tags')
    copies = {tpl.title: tpl for tpl in new.designer_templates}
    new_tag, = new.registration_tags
    new_form, = new.registration_forms
    assert other.title not in copies
    assert parse(EventSetup.query.get(new.id).template_rules, TemplateRule) == (
        TemplateRule(4, copies['Gold'].id, (HasTag((new_tag.id,)),), True),
        TemplateRule(3, new_form.checkin_print_setup.template_id, (FormIs((new_form.id,)),)))
