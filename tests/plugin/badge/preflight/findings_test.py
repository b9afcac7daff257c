"""What was found, stored and in words."""

import pytest

from indico_checkin_print.badge.preflight.findings import (PERSONAL, TITLES, Finding, FindingKind, code_detail,
                                                           from_stored, to_stored)
from indico_checkin_print.badge.preview import Dots
from indico_checkin_print.badge.qr_limits import Code
from indico_checkin_print.reasons.codes import Reason


CODE = Code('payload', 33, .3, 1)


def code(dpi, *, is_read=True):
    return Finding(FindingKind.code, 1, 'ticket_qr_code', code_detail(CODE, Dots(dpi), is_read=is_read))


@pytest.mark.parametrize(('finding', 'words', 'is_error'), [
    (Finding(FindingKind.nameless, 1), 'shows no name', True),
    (Finding(FindingKind.missing_glyphs, 1, 'full_name', 'U+E000'), 'no font has U+E000', True),
    (Finding(FindingKind.cut, 1, 'affiliation', '37/500'), 'cut, 37 of 500 characters', False),
    (Finding(FindingKind.accents, 1, 'affiliation', '12'), '12 stacked accents', False),
    (Finding(FindingKind.blocked), 'blocked', False),
    (Finding(FindingKind.not_drawn, 1, str(Reason.nothing_drawn), 'So it is.'), 'So it is.', True),
    (Finding(FindingKind.outside, 1, 'affiliation', '3'), '3 mm of it are outside', False),
    (Finding(FindingKind.small_text, 1, 'affiliation', '4/6'), 'in 4 points', False),
    (Finding(FindingKind.template_picture, 1, '', 'It is broken.'), 'It is broken.', True),
    (code(300), '3.5 dots of a printer with 300 dpi', False),
    (code(203), '2.4 dots of a printer with 203 dpi', True),
    (code(300, is_read=False), 'cannot be read', True),
])
def test_words(app_context, finding, words, is_error):
    assert words in str(finding.words)
    assert finding.is_error == is_error


def test_every_kind_has_words_and_a_title(app_context):
    for kind in FindingKind:
        detail = {FindingKind.code: '203/1 33 0.5 4 1', FindingKind.field: 'foreign'}.get(kind, '1/2')
        item = {FindingKind.not_drawn: str(Reason.no_name), FindingKind.part: 'template:0'}.get(kind, 'full_name')
        assert str(TITLES[kind])
        assert isinstance(str(Finding(kind, 1, item, detail).words), str)
    assert set(FindingKind) > PERSONAL


def test_what_is_stored():
    findings = [Finding(FindingKind.cut, 1, 'affiliation', '37/500'), Finding(FindingKind.nameless)]
    stored = to_stored(findings)
    assert stored == [['cut', 1, 'affiliation', '37/500'], ['nameless', None, '', '']]
    assert from_stored([*stored, ['of a newer version', 1, '', '']]) == findings
    assert from_stored(None) == []
