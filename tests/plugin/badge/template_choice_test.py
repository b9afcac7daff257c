"""Which template a badge has: the chain, what of it stands on the job, and that a change of it draws a badge anew."""

import pytest

from indico.modules.categories.models.categories import Category
from indico.modules.designer import TemplateType
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.registrations import Registration, RegistrationData
from indico.modules.events.registration.models.tags import RegistrationTag

from indico_checkin_print.badge.content import fingerprint
from indico_checkin_print.badge.template_choice import choose_template
from indico_checkin_print.models.choices import TemplateLevel as Level
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.rules import Accompanies, FormIs, HasAnswer, HasTag
from indico_checkin_print.routing.template_rules import TemplateRule
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import fresh


PERSON = 'a3a4e3d2-0a5d-4c43-9c5f-3e6b1f6a1a52'


@pytest.fixture
def tag(db, dummy_event):
    tag = RegistrationTag(event=dummy_event, title='Speaker', color='red')
    db.session.add(tag)
    db.session.flush()
    return tag


@pytest.fixture
def no_default(db):
    """No category has a default badge: Indico's own was deleted."""
    root = Category.get_root()
    root.default_badge_template_id = None
    db.session.flush()
    db.session.expire(root)


@pytest.fixture
def default(db, no_default, dummy_category, template):
    """The default badge of the category."""
    default = DesignerTemplate(category_id=dummy_category.id, title='Of the category', type=TemplateType.badge,
                               data=template.data)
    db.session.add(default)
    db.session.flush()
    # by its id: its two ways to a category are a circle to SQLAlchemy
    dummy_category.default_badge_template_id = default.id
    db.session.flush()
    db.session.expire(dummy_category)
    return default


def chosen(registration, form, *args, **kwargs):
    choice = choose_template(registration, form, *args, **kwargs)
    return choice.level, choice.template.title, choice.rule


def test_the_chain(db, store, form, reg, tag, default, dummy_category, create_template):
    store(TemplateRule(4, create_template('Guests').id, (Accompanies(),)),
          TemplateRule(5, create_template('Speakers').id, (HasTag((tag.id,)),)))
    reg.tags.add(tag)
    assert chosen(reg, form, asked=create_template('Asked for')) == (Level.asked, 'Asked for', None)
    assert chosen(reg, form) == (Level.rule, 'Speakers', 2)
    reg.tags.clear()
    assert chosen(reg, form) == (Level.form, 'Badge', None)
    form.template = None
    assert chosen(reg, form) == (Level.category, 'Of the category', None)
    dummy_category.default_badge_template_id = None
    db.session.flush()
    db.session.expire(dummy_category)
    level, title, rule = chosen(reg, form)
    assert (level, title, rule) == (Level.builtin, '', None)


def test_a_companion_has_one_of_its_own(store, form, reg, tag, create_template):
    store(TemplateRule(1, create_template('Guests').id, (Accompanies(),)))
    assert chosen(reg, form, PERSON) == (Level.rule, 'Guests', 1)
    assert chosen(reg, form) == (Level.form, 'Badge', None)


def test_what_was_answered(db, store, form, reg, dummy_regform, create_template):
    field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], title='Role',
                                  input_type='text')
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.add(RegistrationData(registration=reg, field_data=field.current_data, data='Exhibitor'))
    db.session.flush()
    store(TemplateRule(1, create_template('Stand').id, (FormIs((dummy_regform.id,)),
                                                        HasAnswer(field.id, ('exhibitor',)))))
    assert chosen(reg, form) == (Level.rule, 'Stand', 1)
    field.is_deleted = True
    assert chosen(reg, form) == (Level.form, 'Badge', None)


@pytest.mark.parametrize('wanted', [True, False])
def test_the_other_side(store, form, reg, dummy_regform, create_template, wanted):
    back = create_template('Back')
    store(TemplateRule(1, create_template('Two', backside=back).id, (FormIs((dummy_regform.id,)),), wanted))
    assert choose_template(reg, form).backside == (back if wanted else None)


def test_a_rule_whose_template_was_deleted(db, store, form, reg, dummy_regform, create_template):
    template = create_template('Gone')
    store(TemplateRule(1, template.id, (FormIs((dummy_regform.id,)),)))
    db.session.delete(template)
    db.session.flush()
    assert chosen(reg, form) == (Level.form, 'Badge', None)


def test_it_stands_on_the_job(db, check_in, store, form, reg, tag, create_template):
    speakers = create_template('Speakers')
    store(TemplateRule(1, speakers.id, (HasTag((tag.id,)),)))
    job, = check_in(reg)
    render_waiting('test')
    assert fresh(db, job).facts == {'drawn_with': {'level': 'form', 'template': form.template_id, 'rule': None}}
    # and when it is another one, nothing of the first is left
    reg.tags.add(tag)
    db.session.flush()
    assert fresh(db, job).state == JobState.queued
    render_waiting('test')
    assert fresh(db, job).facts == {'drawn_with': {'level': 'rule', 'template': speakers.id, 'rule': 1}}


def test_a_deleted_template_costs_nobody_a_badge(db, check_in, form, reg, no_default):
    job, = check_in(reg)
    db.session.delete(form.template)
    db.session.flush()
    db.session.expire_all()
    render_waiting('test')
    assert (fresh(db, job).state, job.facts['drawn_with']['level']) == (JobState.ready, 'builtin')
    assert (job.document.width_mm, job.document.height_mm) == (54, 86)


def _new_rule(db, store, tag, template, **kwargs):
    store(TemplateRule(1, template.id, (FormIs((kwargs['form'].registration_form_id,)),)))


def _template_of_the_rule(db, store, tag, template, **kwargs):
    template.data = {**template.data, 'width': 500}


def _backside_of_the_rule(db, store, tag, template, **kwargs):
    template.backside_template.data = {**template.data, 'width': 500}


@pytest.mark.parametrize('change', [_new_rule, _template_of_the_rule, _backside_of_the_rule])
def test_a_change_draws_badges_anew(db, store, form, reg, tag, create_template, check_in, change):
    template = create_template('Speakers', backside=create_template('Back'))
    reg.tags.add(tag)
    store(TemplateRule(1, template.id, (HasTag((tag.id,)),), True))
    job, = check_in(reg)
    render_waiting('test')
    assert fresh(db, job).state == JobState.ready
    change(db, store, tag, template, form=form)
    db.session.flush()
    assert (fresh(db, job).state, job.reason) == (JobState.queued, Reason.corrected)


def test_the_default_badge_draws_badges_anew(db, form, reg, default, check_in):
    form.template = None
    job, = check_in(reg)
    render_waiting('test')
    assert fresh(db, job).facts['drawn_with']['level'] == 'category'
    default.data = {**default.data, 'width': 500}
    db.session.flush()
    assert fresh(db, job).state == JobState.queued


@pytest.mark.parametrize('stored', [None, {}, 'x', [1], [{'template': 'x'}], [{'template': 1e300}], [{'template': -1}],
                                    [{'template': 1.5}], [[{'template': 2**40}]]])
def test_no_stored_rules_break_the_fingerprint(db, store, form, reg, check_in, stored):
    store()
    job, = check_in(reg)
    db.session.execute(db.update(EventSetup.__table__).values(template_rules=stored if stored is not None else []))
    db.session.expire_all()
    assert len(db.session.query(fingerprint()).filter(Job.id == job.id).scalar()) == 32
    assert choose_template(Registration.get(reg.id), form).level == Level.form
