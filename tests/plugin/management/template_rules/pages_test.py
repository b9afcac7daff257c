"""The editor of template rules: the dialog, the order, what is never reached."""

import json
import re

import pytest

from indico.modules.events.registration.models.tags import RegistrationTag

from indico_checkin_print.models.choices import Fold
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.routing.rules import Accompanies, FormIs, HasTag, dump, parse
from indico_checkin_print.routing.template_rules import MAX_TEMPLATE_RULES, TemplateRule


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def url(page):
    return f'{page}/template-rules/'


@pytest.fixture
def tag(db, event):
    tag = RegistrationTag(event=event, title='VIP', color='red')
    db.session.add(tag)
    db.session.flush()
    return tag


@pytest.fixture
def store(db, event, form):
    """Return a function that stores rules."""
    def _store(*rules):
        setup = EventSetup.query.get(event.id) or EventSetup(event=event)
        setup.template_rules = dump(rules)
        db.session.add(setup)
        db.session.flush()
    return _store


@pytest.fixture
def box(manager, page):
    """Return a function that returns the text of the box on the page."""
    def _box():
        html = manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
        html = html.partition('id="checkin-print-templates"')[2].partition('</section>')[0]
        return ' '.join(re.sub(r'<.*?>', ' ', html).split())
    return _box


def stored(event):
    return parse(EventSetup.query.get(event.id).template_rules, TemplateRule)


def data(template, **kwargs):
    fold = {'fold': 'none'} if 'backside' in kwargs else {}
    return {'template_id': template.id, 'text_field': 0, 'person': '', 'copies': 1, **fold, **kwargs}


def test_add_edit_delete(manager, url, event, tag, template, create_template, log_of, form, box):
    other = create_template('Gold', backside=create_template('Back'))
    html = manager.get(f'{url}add').json['html']
    assert 'Gold (96 × 134 mm), with backside' in html
    assert not manager.save(f'{url}add', **data(other, tags=tag.id, backside='y', fold='top'))
    assert stored(event) == (TemplateRule(1, other.id, (HasTag((tag.id,)),), True, Fold.top),)
    assert 'tag VIP' in box()
    assert 'Gold – backside above, to be folded' in box()
    assert not manager.save(f'{url}1/', **data(other, tags=tag.id, backside='y'))
    assert 'Gold – front and backside' in box()
    assert not manager.save(f'{url}1/', **data(template, person='accompanying'))
    assert stored(event) == (TemplateRule(1, template.id, (Accompanies(),)),)
    manager.post(f'{url}1/delete')
    assert stored(event) == ()
    assert 'There are no rules' in box()
    for words in ('Template rule added', 'Template rule changed', 'Template rule deleted', 'Gold'):
        assert words in log_of(event)


def test_what_is_printed_besides_the_badge(manager, url, event, tag, form, create_template, box):
    ticket = create_template('Dinner')
    assert not manager.save(f'{url}add', **data(ticket, tags=tag.id, adds='y', copies=2))
    assert not manager.save(f'{url}add', **data(form.template, tags=tag.id))
    assert stored(event)[0] == TemplateRule(1, ticket.id, (HasTag((tag.id,)),), adds=True, copies=2)
    assert '+ Besides the badge: Dinner × 2' in box()
    # it keeps the second rule from nobody
    assert 'Nobody gets here' not in box()
    ticket.data = {**ticket.data, 'width': 300}
    errors = manager.save(f'{url}1/', **data(ticket, tags=tag.id, adds='y', copies=10))
    assert errors['adds'] == 'No badge of this event has the size of this template: 96 × 134 mm.'
    assert 'copies' in errors


def test_the_dialog_shows_the_rule(manager, url, event, tag, template, store):
    store(TemplateRule(1, template.id, (HasTag((tag.id,)), Accompanies(False))))
    html = manager.get(f'{url}1/').json['html']
    assert re.search(rf'<option selected value="{template.id}">', html)
    assert re.search(r'<option selected value="registrant">', html)
    assert re.search(rf'<input[^>]*checked[^>]*value="{tag.id}"', html)


@pytest.mark.parametrize(('values', 'error'), [
    ({}, {'template_id': 'Choose at least one condition. Badges that no rule fits have the template of their form.'}),
    ({'person': 'accompanying', 'template_id': 0}, {'template_id': 'This field is required.'}),
    ({'person': 'accompanying', 'backside': 'y'}, {'backside': 'This template has no backside.'}),
    ({'person': 'nobody'}, {'person': 'Not a valid choice.'}),
])
def test_what_is_refused(manager, url, event, template, form, tag, values, error):
    errors = manager.save(f'{url}add', **data(template, **values))
    assert list(errors) == list(error)
    assert errors == error
    assert EventSetup.query.get(event.id) is None


def test_a_template_of_one_form_is_for_that_form(manager, url, event, form, dummy_regform, create_regform, tag,
                                                 create_template):
    own = create_template('With a field')
    own.registration_form = dummy_regform
    other = create_regform(event, title='Other form')
    assert 'template_id' in manager.save(f'{url}add', **data(own, tags=tag.id))
    assert 'template_id' in manager.save(f'{url}add', **data(own, forms=[dummy_regform.id, other.id]))
    assert not manager.save(f'{url}add', **data(own, forms=dummy_regform.id))
    assert stored(event) == (TemplateRule(1, own.id, (FormIs((dummy_regform.id,)),)),)


def test_the_order(manager, url, event, template, store, tag):
    rules = [TemplateRule(n, template.id, (HasTag((tag.id,)),)) for n in (1, 2, 3)]
    store(*rules)
    manager.post(f'{url}3/move', position=1)
    assert [rule.id for rule in stored(event)] == [3, 1, 2]
    for nonsense in ('0', '4', 'x', '', '²', '99999'):
        manager.post(f'{url}3/move', position=nonsense)
    assert [rule.id for rule in stored(event)] == [3, 1, 2]


def test_who_gets_nowhere(manager, url, event, template, store, tag, box, db):
    store(TemplateRule(1, template.id, (HasTag((tag.id,)),)), TemplateRule(2, template.id, (HasTag((tag.id,)),)),
          TemplateRule(3, 10**6, (Accompanies(),)), TemplateRule(4, template.id, (HasTag((10**6,)),)))
    text = box()
    assert 'Rule 1 comes first and already decides about everybody whom this one asks for.' in text
    assert 'Its template was deleted. Choose another one.' in text
    assert 'Its tag was deleted.' in text


def test_one_that_cannot_be_read_is_named(db, manager, url, event, template, store, tag, box, log_of):
    store(TemplateRule(1, template.id, (HasTag((tag.id,)),)))
    EventSetup.query.get(event.id).template_rules = [*EventSetup.query.get(event.id).template_rules, {'id': 'odd'}]
    db.session.flush()
    assert '1 rule cannot be read and is skipped.' in box()
    assert not manager.save(f'{url}1/', **data(template, tags=tag.id))
    assert len(EventSetup.query.get(event.id).template_rules) == 1
    assert 'odd' in log_of(event)


def test_there_is_a_limit(manager, url, template, store):
    store(*(TemplateRule(n, template.id, (Accompanies(),)) for n in range(1, MAX_TEMPLATE_RULES + 1)))
    answer = manager.get(f'{url}add')
    assert answer.status_code == 400
    assert 'Delete one first' in json.dumps(answer.json)


def test_one_that_was_deleted_meanwhile(manager, url, form):
    assert manager.get(f'{url}7/').status_code == 404
