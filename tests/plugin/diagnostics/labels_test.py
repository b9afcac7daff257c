"""Which printers have other labels than the badges of their desk."""

from types import SimpleNamespace

import pytest

from indico_checkin_print.diagnostics import checks
from indico_checkin_print.diagnostics.findings import OK, WARN, WRONG
from indico_checkin_print.diagnostics.labels import wrong_labels
from indico_checkin_print.models.choices import BadgeKind


def desk(id_, *media, loaded=True, printer='Zebra'):
    agent = SimpleNamespace(printers=[{'name': 'Zebra', 'media': list(media), 'loaded': loaded}])
    return SimpleNamespace(id=id_, name=f'Desk {id_}', printers=[
        SimpleNamespace(desk_id=id_, position=0, printer=printer, agent=agent)])


def form(width=480, height=670, *, desk_id=None, kind=BadgeKind.badge):
    template = SimpleNamespace(data={'width': width, 'height': height}) if width else None
    return SimpleNamespace(kind=kind, template=template, desk_id=desk_id, backside=False,
                           registration_form=SimpleNamespace(event=SimpleNamespace(category=None)))


@pytest.mark.parametrize(('media', 'is_too_large'), [
    (['oe_badge_96x134mm'], None), (['oe_across_134x96mm'], None), (['oe_label_62x29mm', 'oe_badge_97x135mm'], None),
    (['na_index-4x6_4x6in'], False), (['oe_label_62x29mm'], True), (['roll_current_62x0mm'], None), ([], None)])
def test_labels_of_one_printer(media, is_too_large):
    found = wrong_labels([desk(1, *media)], [form()])
    assert [each.is_too_large for each in found] == ([] if is_too_large is None else [is_too_large])


def test_the_sentence():
    (found,) = wrong_labels([desk(1, 'na_index-4x6_4x6in')], [form()])
    assert str(found.words) == 'The badge measures 96 x 134 mm; Zebra has 102 x 152 mm loaded.'
    (found,) = wrong_labels([desk(1, 'oe_label_62x29mm')], [form()])
    assert 'prints none' in str(found.words)


def test_a_printer_that_does_not_say_what_is_loaded():
    assert wrong_labels([desk(1, 'oe_label_62x29mm', loaded=False)], [form()]) == []
    assert wrong_labels([desk(1, 'oe_label_62x29mm', printer='gone')], [form()]) == []


def test_which_badges_come_out_where():
    desks = [desk(number, 'oe_label_62x29mm') for number in (1, 2)]
    assert [x.desk_id for x in wrong_labels(desks, [form()])] == [1]
    assert [x.desk_id for x in wrong_labels(desks, [form(desk_id=2)])] == [2]
    assert [x.badge for x in wrong_labels(desks, [form(desk_id=2), form(450, 275, desk_id=2), form(desk_id=2)])] == [
        (96, 134), (90, 55)]
    assert [x.badge for x in wrong_labels(desks, [form(kind=BadgeKind.ticket)])] == [(210, 297)]


def test_a_form_without_a_template_prints_the_simple_badge(app, mocker):
    mocker.patch('indico_checkin_print.badge.template_choice.get_default_badge_on_category', return_value=None)
    assert [x.badge for x in wrong_labels([desk(1, 'oe_label_62x29mm')], [form(None)])] == [(54, 86)]


def test_the_check():
    too_large, = wrong_labels([desk(1, 'oe_label_62x29mm')], [form()])
    other, = wrong_labels([desk(1, 'na_index-4x6_4x6in')], [form()])
    assert checks.check_labels(3, []).level == OK
    assert checks.check_labels(3, [(7, other)]).level == WARN
    finding = checks.check_labels(3, [(7, other), (8, too_large)])
    assert finding.level == WRONG
    assert 'Event 8: The badge measures 96 x 134 mm; Zebra has 62 x 29 mm loaded, so it prints none' in finding.words
