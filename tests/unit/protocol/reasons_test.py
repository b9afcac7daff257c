"""Reasons: which keyword of a printer names the cause, and a sentence for each."""

from print_agent.protocol import reasons


def test_reasons_have_sentences():
    assert reasons.first(('none', 'media-empty-error'), 'x') == 'media-empty'
    assert reasons.first(('vendor-thing-warning', 'media-jam'), 'x') == 'media-jam'
    assert reasons.first(('vendor-thing',), 'x') == 'vendor-thing'
    assert reasons.first((), 'fallback') == 'fallback'
    assert reasons.sentence('vendor-thing') == 'The printer says: vendor-thing.'
    assert all(text.endswith('.') and len(code) <= 80 for code, text in reasons.SENTENCES.items())


def test_a_keyword_without_its_severity():
    assert [reasons.bare(word) for word in ('media-empty-error', 'media-empty', 'document-format-error')] == [
        'media-empty', 'media-empty', 'document-format-error']


def test_every_reason_has_a_sentence():
    assert all(text.endswith('.') for text in reasons.SENTENCES.values())
    assert reasons.sentence('media-empty-warning') == reasons.SENTENCES['media-empty']
    assert reasons.sentence('vendor-thing-error') == 'The printer says: vendor-thing.'
    assert len(reasons.first(('x' * 200,), '')) == 80


def test_cancellations():
    found = {reason for reason in reasons.SENTENCES if reasons.is_cancellation(reason)}
    assert found == {'job-canceled', 'job-canceled-by-user', 'job-canceled-by-operator', 'job-canceled-at-device',
                     'job-aborted'}
