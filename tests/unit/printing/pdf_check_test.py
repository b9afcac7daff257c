"""What may go to a printer, and what may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from print_agent.errors import BadDocument
from print_agent.printing import pdf_check

from tests.fakes.badges import PDF, make_job, pdf


def reason(job, document):
    with pytest.raises(BadDocument) as caught:
        pdf_check.check(job, document)
    assert caught.value.detail.endswith('.')
    return caught.value.reason


def test_a_badge_passes():
    pdf_check.check(make_job(), PDF)
    two = pdf(pages=2)
    pdf_check.check(make_job(document=two, pages=2), two)


def test_it_must_be_the_document_that_was_announced():
    assert reason(make_job(), PDF + b' ') == 'wrong_length'
    assert reason(make_job(), PDF[:-1] + b'x') == 'wrong_hash'


@pytest.mark.parametrize(('document', 'expected'), [
    (b'%!PS-Adobe-3.0 showpage', 'not_pdf'),
    (b'\x89PNG', 'not_pdf'),
    (b'%PDF-1.4 and then nothing of the kind', 'bad_pdf'),
    (PDF[:200], 'bad_pdf'),
    (pdf(encrypt=True), 'encrypted'),
])
def test_it_must_be_a_plain_pdf(document, expected):
    assert reason(make_job(document=document), document) == expected


def test_pages_are_counted():
    assert reason(make_job(document=(d := pdf(pages=2))), d) == 'wrong_pages'
    assert reason(make_job(document=(d := pdf(pages=21))), d) == 'too_many_pages'
    assert reason(make_job(document=(d := pdf(pages=0))), d) in {'no_pages', 'bad_pdf'}


def test_pages_are_measured():
    assert reason(make_job(document=(d := pdf(1000, 134))), d) == 'page_too_large'
    assert reason(make_job(document=(d := pdf(96, 100))), d) == 'wrong_size'
    pdf_check.check(make_job(document=(d := pdf(96.4, 134))), d)


@given(st.binary(max_size=400))
def test_no_bytes_get_through_by_surprise(tail):
    document = b'%PDF-1.7\n' + tail
    with pytest.raises(BadDocument):
        pdf_check.check(make_job(document=document), document)
