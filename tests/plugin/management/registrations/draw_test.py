"""Badges that somebody looks at: what is wrong with them is said, and they are shown all the same."""

from indico_checkin_print.badge.drawing_version import drawing_version
from indico_checkin_print.badge.preview import Dots
from indico_checkin_print.ledger.prepared import drawn_ahead
from indico_checkin_print.management.registrations.draw import show, shown_ahead
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.prepare import prepare_registration
from tests.plugin.conftest import text_item


def test_a_badge_that_waits_is_shown(form, create_reg):
    shown = show(create_reg('Zoë', '\ue000'), None)
    assert shown.content.startswith(b'%PDF')
    assert str(Reason.missing_glyphs.sentence) in shown.notes[0]
    assert 'boxes in place of U+E000' in shown.notes[1]
    assert str(Reason.no_name.sentence) in show(create_reg(' ', ' '), None).notes[0]


def test_why_there_is_none(form, reg, create_template):
    form.template = create_template('Broken', items=[text_item('full_name_b', 10, font_family='wingdings')])
    shown = show(reg, None)
    assert (shown.content, len(shown.notes)) == (b'', 1)
    assert 'wingdings' in shown.notes[0]


def test_what_was_drawn_ahead_is_the_same(db, form, create_reg, create_template):
    form.template = create_template('Small', items=[{**text_item('full_name_b', 100), 'width': 60, 'height': 20}])
    reg = create_reg('Zoë', 'Müller-Lüdenscheidt von und zu ' * 100)
    db.session.flush()
    prepare_registration(reg.id, Dots())
    ahead = drawn_ahead([reg.id], drawing_version())
    assert shown_ahead(ahead[reg.id, '']) == show(reg, None)
    assert any('cut' in note for note in show(reg, None).notes)
    # after a change it is not
    reg.last_name = 'Other'
    db.session.flush()
    assert drawn_ahead([reg.id], drawing_version()) == {}
