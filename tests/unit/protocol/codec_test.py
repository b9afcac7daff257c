"""Frames: what is too large, too deep or of an unknown type is one kind of error each."""

import pytest

from print_agent.protocol import errors
from print_agent.protocol import messages as p


def test_an_unknown_type_is_not_nonsense():
    with pytest.raises(errors.UnknownType) as unknown:
        p.decode_from_server('{"type": "fax", "to": "everybody"}')
    assert unknown.value.reason == 'unknown_type'
    with pytest.raises(errors.ProtocolError) as bad:
        p.decode_from_server('{"type": "go"}')
    assert bad.value.reason == 'bad_message'


def test_large_frames_are_refused_before_they_are_read():
    with pytest.raises(errors.MessageTooLarge):
        p.decode_from_server(b' ' * (p.MAX_MESSAGE + 1))
    with pytest.raises(errors.MessageTooLarge):
        p.decode_from_server('ä' * (p.MAX_MESSAGE // 2 + 1))


def test_deep_nesting_is_an_error_and_no_crash():
    with pytest.raises(errors.ProtocolError):
        p.decode_from_server('{"type": "go", "job": ' + '[' * 100_000)


def test_what_is_written_is_fit_to_be_read():
    assert p.encode(p.Error(code='x', detail='a\x00b')) == b'{"type":"error","code":"x","detail":"a b","job":""}'
