"""Pairings: a code is swapped for one, its file is private, and a sentence for everything else."""

import errno
import json
from dataclasses import replace

import httpx
import pytest

from print_agent.connection import pairing
from print_agent.errors import PairingError

from tests.fakes.indico import pairing_file


ANSWER = {'token': 'icpa_abc', 'agent': {'id': 3, 'name': 'Desk'}, 'event': {'id': 1, 'title': 'Conference'},
          'stream': 'wss://indico.example.org/checkin-print/ws',
          'poll': 'https://indico.example.org/api/plugin/checkin-print/poll',
          'document': 'https://indico.example.org/api/plugin/checkin-print/document'}


def answering(status, body, seen=None):
    def handle(request):
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, json=body) if not isinstance(body, str) else httpx.Response(status, text=body)
    return httpx.MockTransport(handle)


async def test_a_code_is_swapped_for_a_pairing(tmp_path):
    seen = []
    paired = await pairing.pair('https://indico.example.org/', 'ABCD-EFGH', 'laptop',
                                transport=answering(200, ANSWER, seen))
    (request,) = seen
    assert str(request.url) == 'https://indico.example.org/api/plugin/checkin-print/pair'
    body = json.loads(request.content)
    assert (body['code'], body['hostname']) == ('ABCD-EFGH', 'laptop')
    assert body['software'].startswith('print-agent/')
    assert (paired.id, paired.token, paired.agent_name) == ('indico-example-org-3', 'icpa_abc', 'Desk')
    assert 'icpa_abc' not in repr(paired)
    path = pairing.save(tmp_path / 'pairings', paired)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert pairing.load_all(tmp_path / 'pairings') == [paired]


@pytest.mark.parametrize(('status', 'body', 'words'), [
    (403, {'error': 'wrong_code', 'message': 'This code is wrong or was used already.'}, 'This code is wrong'),
    (429, {'error': 'too_many', 'message': 'Too many tries.'}, 'Too many tries.'),
    (404, 'not found', 'no check-in print plugin'),
    (200, {**ANSWER, 'stream': 5}, 'does not understand'),
    (502, 'bad gateway', 'HTTP 502'),
    (200, {'token': 'x'}, 'does not understand'),
    (200, 'login page', 'no answer of the plugin'),
    (200, {**ANSWER, 'stream': 'ws://indico.example.org/ws'}, 'not encrypted'),
])
async def test_a_failed_pairing_says_why(status, body, words):
    with pytest.raises(PairingError) as caught:
        await pairing.pair('https://indico.example.org', 'x', 'laptop', transport=answering(status, body))
    assert words in str(caught.value)


@pytest.mark.parametrize(('url', 'words'), [
    ('indico.example.org', 'not the address'), ('ftp://x', 'not the address'), ('https://a..b', 'not the address'),
    ('https://[::1', 'not the address'), ('https://x:99999', 'not the address'), ('https://x\x07', 'not the address'),
    ('http://indico.example.org', 'not encrypted')])
async def test_a_token_does_not_travel_in_the_clear(url, words):
    with pytest.raises(PairingError, match=words):
        await pairing.pair(url, 'x', 'laptop')
    assert pairing.check_url('http://localhost:8000/') == 'http://localhost:8000'
    assert pairing.check_url('http://indico.example.org', allow_http=True) == 'http://indico.example.org'


async def test_the_address_of_the_event_does_as_well():
    asked = []

    def answer(request):
        asked.append(str(request.url))
        return httpx.Response(403, json={'message': 'no'})

    for url in ('https://x.org/sub/event/1/manage/?x=1#y', 'https://x.org/sub/', 'https://x.org/sub/?lang=fr',
                'https://x.org/sub/#'):
        with pytest.raises(PairingError, match='no'):
            await pairing.pair(url, 'x', 'laptop', transport=httpx.MockTransport(answer))
    assert set(asked) == {'https://x.org/sub/api/plugin/checkin-print/pair'}


async def test_an_address_with_a_path_is_to_be_tried_without():
    for status in (404, 405):
        with pytest.raises(PairingError, match=r'not an Indico\. Try it with https://x\.org:8443 alone'):
            await pairing.pair('https://x.org:8443/e/talk', 'x', 'laptop', transport=answering(status, ''))
    with pytest.raises(PairingError, match=r'not an Indico\.$'):
        await pairing.pair('https://x.org/', 'x', 'laptop', transport=answering(404, ''))


@pytest.mark.parametrize('code', ['', 'x' * 41])
async def test_what_cannot_be_a_code_is_not_sent(code):
    with pytest.raises(PairingError, match='not a pairing code'):
        await pairing.pair('https://x.org', code, 'laptop')


async def test_an_indico_that_is_away_is_named():
    def down(request):
        raise httpx.ConnectError('refused')
    with pytest.raises(PairingError, match=r'https://x\.org does not answer'):
        await pairing.pair('https://x.org', 'x', 'laptop', transport=httpx.MockTransport(down))


def test_a_pairing_without_an_address(tmp_path):
    """A pairing with an address that is none is found before it is used."""
    pairing_file(tmp_path, 'wss://a..b/ws')
    with pytest.raises(PairingError, match=r'not the address of an Indico.*Remove it and pair again'):
        pairing.load_all(tmp_path)


def test_a_token_that_others_can_read_is_refused(tmp_path):
    path = pairing_file(tmp_path, 'ws://localhost/ws')
    assert len(pairing.load_all(tmp_path)) == 1
    path.chmod(0o640)
    with pytest.raises(PairingError, match=f'chmod 600 {path}'):
        pairing.load_all(tmp_path)


def test_pairings_that_are_no_folder_are_not_taken_for_none(tmp_path):
    assert pairing.load_all(tmp_path / 'nowhere') == []
    (tmp_path / 'pairings').touch()
    with pytest.raises(PairingError, match='cannot be read'):
        pairing.load_all(tmp_path / 'pairings')


@pytest.mark.parametrize('text', ['', '{}', '[]', '{"id": 1', '"x"'])
def test_a_broken_pairing_is_named(tmp_path, text):
    path = pairing_file(tmp_path, 'ws://localhost/ws')
    path.write_text(text)
    with pytest.raises(PairingError, match=str(path)):
        pairing.load_all(tmp_path)


async def test_a_pairing_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    paired = await pairing.pair('https://indico.example.org', 'ABCD', 'laptop', transport=answering(200, ANSWER))
    pairing.save(tmp_path, paired)

    def full(_fd):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(pairing.os, 'fsync', full)
    with pytest.raises(OSError, match='No space left'):
        pairing.save(tmp_path, replace(paired, token='icpa_new'))
    assert pairing.load_all(tmp_path) == [paired]
