"""The trees of errors are what their docstrings draw, and all errors have one shape."""

import ast
import builtins
import re
from pathlib import Path

import pytest

from print_agent import errors
from print_agent.errors import AgentError
from print_agent.protocol import errors as contract
from print_agent.protocol.errors import ContractError


TREES = [(errors, AgentError), (contract, ContractError)]


def tree(module, cls, depth=0):
    yield cls.__name__, depth
    for sub in cls.__subclasses__():
        if sub.__module__ == module.__name__:
            yield from tree(module, sub, depth + 1)


@pytest.mark.parametrize(('module', 'root'), TREES)
def test_docstring_draws_the_tree(module, root):
    drawn = [(name, len(edge) // 4) for edge, name in
             re.findall(r'^    ([│├└─ ]*)([A-Z]\w+)', module.__doc__, re.MULTILINE)]
    assert sorted(drawn) == sorted(tree(module, root))
    assert len(drawn) > 5


@pytest.mark.parametrize(('module', 'root'), TREES)
def test_every_error_has_a_sentence_of_its_own(module, root):
    for name, _ in tree(module, root):
        assert getattr(module, name).__doc__


@pytest.mark.parametrize(('cls', 'args', 'reason'), [
    (errors.ConfigError, ['Wrong.'], ''), (errors.ActionRefused, ['paused', 'Wrong.'], 'paused'),
    (errors.RequestRefused, [404, 'not_found', 'Wrong.'], 'not_found'),
    (errors.NotReady, ['media-empty', 'Wrong.'], 'media-empty'),
    (contract.ProtocolError, ['Wrong.'], 'bad_message'), (contract.MessageTooLarge, ['Wrong.'], 'too_large'),
    (contract.SignatureError, ['stale', 'Wrong.'], 'stale'), (contract.BadSecret, ['Wrong.'], '')])
def test_one_shape(cls, args, reason):
    error = cls(*args)
    assert (str(error), error.detail, error.reason) == ('Wrong.', 'Wrong.', reason)


def test_exit_codes_differ():
    codes = {cls.exit_code for name, _ in tree(errors, AgentError) for cls in [getattr(errors, name)]}
    assert codes == {1, 3, 4}


def test_no_error_grows_elsewhere():
    """Each one is in its tree, so that what catches the root catches all; a file may have private ones."""
    root = Path(errors.__file__).parent
    bases = {name for module, cls in TREES for name, _ in tree(module, cls)}
    bases |= {name for name, value in vars(builtins).items()
              if isinstance(value, type) and issubclass(value, BaseException)}
    elsewhere = [f'{path.relative_to(root)}: {node.name}' for path in root.rglob('*.py') if path.name != 'errors.py'
                 for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
                 and not node.name.startswith('_') and bases & {getattr(base, 'id', '') for base in node.bases}]
    assert elsewhere == []
