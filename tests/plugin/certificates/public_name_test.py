"""A name on a public page: the first and the last character of each word, however they are written."""

import unicodedata

import pytest

from indico_checkin_print.certificates.public_name import obfuscate


@pytest.mark.parametrize(('name', 'shown'), [
    ('Zoë Müller', 'Z*ë M****r'), ('J. R. R. Tolkien', 'J. R. R. T*****n'), ('Bo Ek', 'Bo Ek'), ('Ana', 'A*a'),
    ('  Anna \t Berg ', 'A**a B**g'), ('', ''), ('山田太郎', '山**郎'), ('สมชาย ใจดี', 'ส***ย ใ*ดี'), ('नरेन्द्र', 'न***र')])
def test_shown(name, shown):
    assert obfuscate(name) == shown
    assert obfuscate(unicodedata.normalize('NFD', name)) == shown
