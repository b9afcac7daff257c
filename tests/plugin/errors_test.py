"""The plugin's tree of errors is what its docstring draws; all have one shape, and none stands elsewhere."""

import ast
import re
from pathlib import Path

import pytest

import indico_checkin_print
from indico_checkin_print import errors
from indico_checkin_print.errors import CheckinPrintError


def tree(cls=CheckinPrintError, depth=0):
    yield cls.__name__, depth
    for sub in cls.__subclasses__():
        yield from tree(sub, depth + 1)


def test_docstring_draws_the_tree():
    drawn = [(name, len(edge) // 4) for edge, name in
             re.findall(r'^    ([│├└─ ]*)([A-Z]\w+)', errors.__doc__, re.MULTILINE)]
    assert sorted(drawn) == sorted(tree())
    assert len(drawn) > 10
    for name, _depth in tree():
        assert getattr(errors, name).__doc__


def test_no_error_stands_elsewhere():
    for path in Path(indico_checkin_print.__file__).parent.rglob('*.py'):
        found = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
                 and any(ast.unparse(base).endswith(('Exception', 'Error')) for base in node.bases)]
        assert path.name == 'errors.py' or found == [], path


@pytest.mark.parametrize(('cls', 'args', 'detail', 'reason'), [
    (errors.SettingError, ['Wrong.'], 'Wrong.', ''), (errors.CannotRender, ['form_off'], '', 'form_off'),
    (errors.CannotRender, ['form_off', 'Wrong.'], 'Wrong.', 'form_off'),
    (errors.APIError, [404, 'not_found', 'Wrong.'], 'Wrong.', 'not_found'),
    (errors.RefusedURL, ['port', 'Wrong.'], 'Wrong.', 'port'), (errors.MustHold, ['no_name'], '', 'no_name')])
def test_one_shape(cls, args, detail, reason):
    error = cls(*args)
    assert (error.detail, error.reason, str(error)) == (detail, reason, detail or reason)
