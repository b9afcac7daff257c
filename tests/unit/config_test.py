"""Configuration and pairings: what is allowed, and a sentence for everything else."""

from typing import get_args

import msgspec
import pytest

from print_agent import config
from print_agent.errors import ConfigError
from print_agent.protocol import signing


def write(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / 'agent.toml').write_text(text)
    return folder


def secret_file(folder, *secrets, mode=0o600):
    path = folder / 'desk1.secret'
    path.write_text('\n'.join(secrets))
    path.chmod(mode)
    return path


def test_without_a_file_there_are_defaults(tmp_path):
    loaded = config.load(tmp_path / 'nowhere')
    assert (loaded.mode, loaded.cups, loaded.queues) == ('auto', True, None)
    assert (loaded.webhook_endpoints, loaded.folders) == ((), {})
    assert loaded.spool.is_absolute()


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('PRINT_AGENT_CONFIG', str(write(tmp_path, "mode = 'poll'")))
    assert config.load().mode == 'poll'


def test_everything_can_be_set(tmp_path):
    secret = signing.new_secret()
    secret_file(tmp_path, secret)
    loaded = config.load(write(tmp_path, """
        mode = 'stream'
        [cups]
        server = '127.0.0.1:631'
        queues = ['desk1']
        [[folder]]
        name = 'Badges'
        path = 'out'
        [spool]
        path = 'state'
        keep_hours = 0.5
        [page]
        enabled = false
        port = 9001
        [receiver]
        host = '0.0.0.0'
        port = 9000
        [[receiver.endpoint]]
        printer = 'desk1'
        secret_file = 'desk1.secret'
    """))
    assert (loaded.mode, loaded.cups_server, loaded.queues) == ('stream', '127.0.0.1:631', ('desk1',))
    assert loaded.folders == {'Badges': tmp_path / 'out'}
    assert loaded.database == tmp_path / 'state' / 'spool.sqlite3'
    assert (loaded.receiver_host, loaded.receiver_port) == ('0.0.0.0', 9000)
    assert (loaded.keep_hours, loaded.page, loaded.page_port) == (0.5, False, 9001)
    assert loaded.webhook_endpoints == (config.WebhookEndpoint(printer='desk1', secrets=(secret,)),)
    assert secret not in repr(loaded)


@pytest.mark.parametrize(('text', 'words'), [
    ("mode = 'fax'", '"mode" must be one of: auto, stream, poll'),
    ('mod = 1', '"mod" is not a setting; allowed here are cups, folder, mode'),
    ('cups = 1', '"cups" must be a section [cups]'),
    ("[cups]\nhost = 'x'", '"cups.host" is not a setting'),
    ('[cups]\nserver = 631', '"cups.server" must be a text in quotes'),
    ("[cups]\nserver = 'host:x'", '"cups.server" must be a text in quotes: the path of a socket, host or host:port'),
    ("[cups]\nqueues = 'desk1'", '"cups.queues" must be a list'),
    ("[cups]\nenabled = 'no'", '"cups.enabled" must be true or false'),
    ("[folder]\nname = 'x'", '"folder" must be sections [[folder]]'),
    ("[[folder]]\nname = 'x'", '"folder[1].path" is missing'),
    ("[[folder]]\nname = ''\npath = 'x'", '"folder[1].name" must be a text'),
    ("[[folder]]\nname='x'\npath='x'\n[[folder]]\nname='x'\npath='y'", '"folder[2].name" is \'x\', which is taken'),
    ('[spool]\npath = 3', '"spool.path" must be a text in quotes'),
    ("[receiver]\nport = '80'", '"receiver.port" must be a port number'),
    ('[receiver]\nport = 70000', '"receiver.port" must be a port number'),
    ('[page]\nport = true', '"page.port" must be a port number'),
    ('[page]\nenabled = 1', '"page.enabled" must be true or false'),
    ("[page]\nhost = '0.0.0.0'", '"page.host" is not a setting'),
    ('[spool]\nkeep_hours = 49', '"spool.keep_hours" must be a number of hours'),
    ("[spool]\nkeep_hours = '4'", '"spool.keep_hours" must be a number of hours'),
    ('[spool]\nkeep_hours = nan', '"spool.keep_hours" must be a number of hours'),
    ('[spool]\nkeep_hours = true', '"spool.keep_hours" must be a number of hours'),
    ("[[receiver.endpoint]]\nprinter = 'x'", '"receiver.endpoint[1].secret_file" is missing'),
    ("[[receiver.endpoint]]\nprinter = 'x'\nsecret_file = 'nope'", '"receiver.endpoint[1].secret_file" cannot be used'),
    ("[spool]\npath = '~nobody-here/x'", '"spool.path" is \'~nobody-here/x\', but there is no such user'),
    ("[[folder]]\nname = 'x'\npath = '~nobody-here/x'", '"folder[1].path" is \'~nobody-here/x\''),
    ("[network]\nca_file = '~nobody-here/x'", '"network.ca_file" is'),
    ("[[receiver.endpoint]]\nprinter = 'x'\nsecret_file = '~nobody-here/x'", '"receiver.endpoint[1].secret_file" is'),
    ("[[folder]]\nname = '" + 'x' * 128 + "'\npath = 'x'", '"folder[1].name" must be a text in quotes with'),
    ("[[receiver.endpoint]]\nprinter = 'x'\nsecret = 'x'", '"receiver.endpoint[1].secret" is not a setting; allowed'),
    ('[receiver]\nendpoint = 1', '"receiver.endpoint" must be sections [[receiver.endpoint]]'),
    ('printers = 1', '"printers" must be sections [printers.NAME]'),
    ("[printers.x]\nlogin_file = ''", '"printers.x.login_file" must be a text in quotes'),
    ('mode = ', 'cannot be read'),
])
def test_a_wrong_value_is_answered_with_a_sentence(tmp_path, text, words):
    with pytest.raises(ConfigError) as caught:
        config.load(write(tmp_path, text))
    assert words in str(caught.value)
    assert str(tmp_path / 'agent.toml') in str(caught.value)


def sections(kind=config._Settings):
    yield kind
    for field in msgspec.structs.fields(kind):
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                yield from sections(inner)


@pytest.mark.parametrize('section', list(sections()))
def test_each_setting_says_what_it_may_be(section):
    """What is not a section has a description: the sentence about a wrong value."""
    for field in msgspec.structs.fields(section):
        if not any(isinstance(kind, type) and issubclass(kind, msgspec.Struct)
                   for kind in (field.type, *get_args(field.type))):
            assert config._allowed(field.type).startswith('must be ')


ENDPOINT = "[[receiver.endpoint]]\nprinter = 'desk1'\nsecret_file = 'desk1.secret'"


def test_a_printers_login_is_private_and_never_quoted(tmp_path):
    write(tmp_path, "[printers.desk1]\ncopies = 2\nlogin_file = 'desk1.login'")
    for login, mode, words in [('desk:hunter2', 0o644, 'chmod 600'), ('hunter2', 0o600, 'user:password'),
                               ('desk:hunter2\nhunter2', 0o600, 'one line'), ('desk:', 0o600, 'user:password')]:
        (tmp_path / 'desk1.login').write_text(login)
        (tmp_path / 'desk1.login').chmod(mode)
        with pytest.raises(ConfigError) as caught:
            config.load(tmp_path)
        assert words in str(caught.value)
        assert 'hunter2' not in str(caught.value)
    (tmp_path / 'desk1.login').write_text('desk:hunter:2\n')
    loaded = config.load(tmp_path)
    assert loaded.logins == {'desk1': ('desk', 'hunter:2')}
    assert loaded.layouts['desk1'].copies == 2
    assert 'hunter' not in repr(loaded)


def test_secrets_are_checked_and_never_quoted(tmp_path):
    one, two, three = (signing.new_secret() for _ in range(3))
    write(tmp_path, ENDPOINT)
    for lines, mode, words in [((one,), 0o644, 'chmod 600'), ((), 0o600, 'has 0 secrets'),
                               ((one, two, three), 0o600, 'has 3 secrets'), (('hunter2',), 0o600, 'not a secret')]:
        secret_file(tmp_path, *lines, mode=mode)
        with pytest.raises(ConfigError) as caught:
            config.load(tmp_path)
        assert words in str(caught.value)
        assert not any(line in str(caught.value) for line in lines)
    secret_file(tmp_path, one, two)
    assert config.load(tmp_path).webhook_endpoints[0].secrets == (one, two)
