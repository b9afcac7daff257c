"""The documentation says everything: each message and field, setting, command, option, reason and variable."""

import re
import tomllib
from pathlib import Path

import certifi
import click
import msgspec
import pytest

from print_agent import config
from print_agent.cli import main
from print_agent.errors import AgentError, AlreadyRunning, ConfigError, NotRunning
from print_agent.protocol import messages as p
from print_agent.protocol import reasons


DOCS = Path(main.__file__).parents[2] / 'docs'
PROTOCOL = (DOCS / 'protocol.md').read_text()
AGENT = (DOCS / 'agent.md').read_text()


def section(name):
    """The text under the heading of one message."""
    found = re.search(rf'^### [^\n]*`{name}`[^\n]*$(.*?)(?=^##|\Z)', PROTOCOL, re.MULTILINE | re.DOTALL)
    assert found, f'docs/protocol.md has no section on "{name}"'
    return found[1]


def structs():
    return {name: value for name, value in vars(p).items()
            if isinstance(value, type) and issubclass(value, msgspec.Struct)
            and not name.startswith('_') and value not in (p.Message, p.JobMessage, msgspec.Struct)}


@pytest.mark.parametrize('name', sorted(structs()))
def test_every_message_and_field_is_described(name):
    cls = structs()[name]
    text = section(cls.__struct_config__.tag) if issubclass(cls, p.Message) else PROTOCOL
    assert f'`{name}`' in PROTOCOL or issubclass(cls, p.Message)
    for field in msgspec.structs.fields(cls):
        assert f'`{field.encode_name}`' in text, f'{name}.{field.name} is not in docs/protocol.md'


def test_every_section_is_about_a_message_that_exists():
    tags = {cls.__struct_config__.tag for cls in structs().values() if issubclass(cls, p.Message)}
    headed = set(re.findall(r'`(\w+)`', ' '.join(re.findall(r'^### (.*`.*)$', PROTOCOL, re.MULTILINE))))
    assert headed == tags


def test_the_limits_are_the_real_ones():
    assert f'{p.MAX_DOCUMENT // 1024 ** 2} MiB, {p.MAX_PAGES} pages, {p.MAX_SIDE_MM:.0f} mm' in PROTOCOL
    assert f'at most {p.MAX_MESSAGE // 1024} KiB' in PROTOCOL
    assert f'at most {p.WEBHOOK_TOLERANCE} away' in PROTOCOL


def test_the_example_of_the_configuration(tmp_path):
    """The example of the configuration can be read and is complete."""
    example = re.search(r'```toml\n(.*?)```', AGENT, re.DOTALL)[1]
    secret = tmp_path / 'desk1.secret'
    secret.write_text('whsec_' + 'QUFB' * 8)
    secret.chmod(0o600)
    login = tmp_path / 'desk1.login'
    login.write_text('desk:secret')
    login.chmod(0o600)
    (tmp_path / 'authority.pem').write_bytes(Path(certifi.where()).read_bytes())
    (tmp_path / 'agent.toml').write_text(example)
    loaded = config.load(tmp_path)
    assert loaded.webhook_endpoints
    assert loaded.folders
    data = tomllib.loads(example)
    sections = ('cups', 'spool', 'page', 'network', 'receiver')
    keys = {'mode', *(f'{s}.{k}' for s in sections for k in data[s] if k != 'endpoint'),
            *(f'folder.{k}' for k in data['folder'][0]),
            *(f'receiver.endpoint.{k}' for k in data['receiver']['endpoint'][0]),
            *(f'printers.NAME.{k}' for k in data['printers']['desk1'])}
    described = set()
    for line in AGENT.splitlines():
        if re.match(r'\| `(mode|cups\.|folder\.|spool\.|page\.|network\.|receiver\.|printers\.)', line):
            described |= set(re.findall(r'`([a-zA-Z_.]+)`', line.split('|')[1]))
    assert described == keys
    # every setting that the reader accepts is in the example: a wrong key names all allowed ones
    for where in ('', *(f'[{section}]\n' for section in sections), '[[folder]]\n', '[[receiver.endpoint]]\n',
                  '[printers.NAME]\n'):
        (tmp_path / 'agent.toml').write_text(where + 'nonsense = 1')
        with pytest.raises(ConfigError) as caught:
            config.load(tmp_path)
        allowed = re.search(r'allowed here are (.*)\.', str(caught.value))[1].split(', ')
        prefix = where.strip('[]\n')
        for key in allowed:
            full = f'{prefix}.{key}' if prefix else key
            assert full in keys or any(k.startswith(full + '.') for k in keys), f'{full} is not in docs/agent.md'


def test_every_command_and_option_is_described():
    for name, command in main.main.commands.items():
        row = next(line for line in AGENT.splitlines() if line.startswith(f'| `print-agent {name}'))
        for param in command.params:
            option = next((o for o in param.opts if o.startswith('--')), param.name.upper())
            if isinstance(param, click.Option) or option in {'URL', 'CODE', 'PRINTER', 'JOB'}:
                assert option in row, f'{name} {option} is not in docs/agent.md'
    for param in main.main.params:
        assert param.opts[0] in AGENT


def test_every_reason_has_its_sentence_in_the_table():
    for code, sentence in reasons.SENTENCES.items():
        if '-' not in code:
            assert f'| `{code}` | {sentence} |' in AGENT


def test_every_reason_in_the_code_has_a_sentence():
    source = '\n'.join(path.read_text() for path in Path(main.__file__).parents[1].rglob('*.py'))
    used = set(re.findall(r"reasons\.sentence\('([^']+)'\)", source))
    used |= set(re.findall(r"BadDocument\('([^']+)'", source)) | set(re.findall(r"NotReady\('([^']+)'", source))
    used |= set(re.findall(r"State\.returned, '(\w+)'", source))
    assert used
    assert used <= set(reasons.SENTENCES)


def test_every_variable_and_exit_code_is_described():
    source = '\n'.join(path.read_text() for path in Path(main.__file__).parents[1].rglob('*.py'))
    for variable in set(re.findall(r"'(PRINT_AGENT_\w+)'", source)):
        assert f'`{variable}`' in AGENT
    codes = re.search(r'^Exit codes: (.*)$', AGENT, re.MULTILINE)[1]
    for code in (0, AgentError.exit_code, 2, AlreadyRunning.exit_code, NotRunning.exit_code):
        assert f'**{code}**' in codes
