"""The mutations of `mutations`, which are run by hand, still fit the code that they break."""

import ast

import pytest
from tests.permission.mutations import MUTATIONS, ROOT


@pytest.mark.parametrize('mutation', MUTATIONS, ids=lambda mutation: f'{mutation.file} {mutation.old.strip()[:40]}')
def test_finds_its_line_and_leaves_a_program(mutation):
    whole = (ROOT / mutation.file).read_text()
    assert whole.count(mutation.old) == 1
    broken = whole.replace(mutation.old, mutation.new)
    assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(whole))


def test_each_is_another_one():
    assert len({(mutation.file, mutation.old, mutation.new) for mutation in MUTATIONS}) == len(MUTATIONS)
