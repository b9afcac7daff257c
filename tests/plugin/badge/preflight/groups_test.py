"""What a template does to many badges is one finding; what is wrong with a person's badge is theirs."""

from indico_checkin_print.badge.preflight.findings import Finding
from indico_checkin_print.badge.preflight.findings import FindingKind as Kind
from indico_checkin_print.badge.preflight.groups import MAX_CUT, MAX_EXAMPLES, grouped
from indico_checkin_print.reasons.codes import Reason


ADA, BOB = (1, ''), (2, '')


def kinds(groups):
    return [(group.kind, group.whose, group.badges) for group in groups]


def test_one_finding_for_all_badges_of_a_template():
    cut = Finding(Kind.cut, 7, 'fixed:abc', '3/9')
    groups = grouped([((number, ''), [cut]) for number in range(2000)])
    assert kinds(groups) == [(Kind.cut, None, 2000)]
    assert (groups[0].template, groups[0].examples) == (7, tuple((number, '') for number in range(MAX_EXAMPLES)))


def test_each_template_has_its_own():
    found = [Finding(Kind.code, template, 'ticket_qr_code', '203/1 33 0.3000 4.0000 1') for template in (7, 8)]
    assert [group.template for group in grouped([(ADA, found[:1]), (BOB, found[1:])])] == [7, 8]


def test_what_is_about_a_person():
    boxes = [Finding(Kind.missing_glyphs, 7, item, 'U+E000') for item in ('first_name', 'full_name')]
    groups = grouped([(ADA, boxes), (BOB, [Finding(Kind.cut, 7, 'affiliation', '3/9')]), ((2, 'x'), boxes[:1])])
    # what keeps a badge from coming out is first
    assert kinds(groups) == [(Kind.missing_glyphs, ADA, 1), (Kind.missing_glyphs, (2, 'x'), 1), (Kind.cut, BOB, 1)]
    assert groups[0].findings == tuple(boxes)


def test_templates_are_before_people_and_the_worst_first():
    groups = grouped([(ADA, [Finding(Kind.nameless, 7)])],
                     [Finding(Kind.outside, 7, 'x', '3'), Finding(Kind.template_picture, 7, '', 'Broken.')])
    assert [group.kind for group in groups] == [Kind.template_picture, Kind.outside, Kind.nameless]


def test_the_worst_code_speaks_for_all():
    details = ['300/1 29 0.3500 4.0000 1', '300/1 33 0.1500 4.0000 1', '300/1 37 0.3400 4.0000 1']
    group, = grouped([((number, ''), [Finding(Kind.code, 7, 'ticket_qr_code', detail)])
                      for number, detail in enumerate(details)])
    assert (group.findings[0].detail, group.is_error, group.badges) == (details[1], True, 3)


def test_a_text_without_room_on_many_badges():
    """A name that is cut on most badges has too small an item."""
    people = [((number, ''), [Finding(Kind.cut, 7, 'full_name', f'3/{number}')]) for number in range(MAX_CUT)]
    assert len(grouped(people)) == MAX_CUT
    other = (99, ''), [Finding(Kind.cut, 8, 'full_name', '3/9')]
    assert kinds(grouped([*people, other])) == [(Kind.cut, whose, 1) for whose, __ in [*people, other]]
    assert kinds(grouped([*people, ((99, ''), people[0][1])])) == [(Kind.cut, None, MAX_CUT + 1)]


def test_a_text_outside_the_page_is_found_once():
    outside = Finding(Kind.outside, 7, 'full_name', '90')
    assert kinds(grouped([(ADA, [Finding(Kind.cut, 7, 'full_name', '0/9')])], [outside])) == [(Kind.outside, None, 1)]


def test_a_broken_picture_is_found_once():
    """The template says it, and each badge that cannot be drawn for it."""
    refused = Finding(Kind.not_drawn, 7, str(Reason.picture_refused), 'The background image …')
    broken = Finding(Kind.template_picture, 7, '', 'The background image …')
    assert kinds(grouped([(ADA, [refused]), (BOB, [refused])], [broken])) == [(Kind.template_picture, None, 2)]
    # a picture of the event is none of the template's
    assert kinds(grouped([(ADA, [refused])])) == [(Kind.not_drawn, None, 1)]
