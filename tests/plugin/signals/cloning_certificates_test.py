"""The types of certificates that a cloned event takes over."""

from datetime import timedelta

from indico.modules.events.registration.models.tags import RegistrationTag
from indico.modules.receipts.models.templates import ReceiptTemplate

from indico_checkin_print.certificates.presets import ensure_types
from indico_checkin_print.certificates.types import HowRule, Who
from indico_checkin_print.models.choices import TopicSource
from indico_checkin_print.routing.rule_copies import Copies
from indico_checkin_print.routing.rules import FormIs, HasTag, dump, parse
from indico_checkin_print.signals.cloning_certificates import clone_types


def test_types(db, event, create_event, dummy_regform):
    mine = ReceiptTemplate(title='Mine', event=event, html='<p>', css='p {}', yaml='')
    tag = RegistrationTag(event=event, title='Helper', color='red')
    db.session.add_all([mine, tag])
    db.session.flush()
    old = {type_.name: type_ for type_ in ensure_types(event)}
    old['attendee'].enabled, old['attendee'].template, old['attendee'].subject = True, mine, 'Thank you'
    old['attendee'].template_values = {'color': 'red', 'logo': 'event://images/1'}
    old['volunteer'].who = dump([Who((HasTag((tag.id,)),)), Who((FormIs((dummy_regform.id,)),))])
    old['volunteer'].how_rules = dump([HowRule((HasTag((tag.id,)),), 'remotely')])
    old['masterclass'].topic = TopicSource.form
    other = create_event(77)
    clone_types(event, other, Copies(forms={dummy_regform.id: 5}, fields={}, tags={}, event_roles={},
                                     days=timedelta()))
    db.session.flush()
    new = {type_.name: type_ for type_ in ensure_types(other)}
    assert new.keys() == old.keys()
    assert not any(type_.enabled for type_ in new.values())
    template = new['attendee'].template
    assert (template.event, template.html, template.css) == (other, '<p>', 'p {}')
    assert (new['attendee'].template_values, new['attendee'].subject) == ({'color': 'red'}, 'Thank you')
    # what the clone has nothing for stays behind
    assert parse(new['volunteer'].who, Who) == (Who((FormIs((5,)),)),)
    assert new['volunteer'].how_rules == []
    assert new['attendee'].who is None
    assert new['masterclass'].topic == TopicSource.form
