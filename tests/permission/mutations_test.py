"""The mutations, which are run by hand, still find the rules that they break."""

import ast

import pytest

from tests.permission.mutations import MUTATIONS, ROOT, AnchorNotFound, Mutation


@pytest.mark.parametrize('mutation', MUTATIONS, ids=lambda mutation: f'{mutation.where} {mutation.old[:40]}')
def test_finds_its_rule_and_leaves_a_program(mutation):
    whole = (ROOT / mutation.path).read_text()
    assert ast.dump(ast.parse(mutation.apply(whole))) != ast.dump(ast.parse(whole))
    assert [name for name in mutation.tests if not (ROOT / name).exists()] == []


def test_each_is_another_one():
    assert len({(mutation.where, mutation.old, mutation.new) for mutation in MUTATIONS}) == len(MUTATIONS)


SOURCE = """
LIMIT = 5


class Queue:
    def take(self, n):
        if n > LIMIT and not (
                self.full):
            return None

def take(n):
    return n > LIMIT
"""


def test_line_breaks_and_other_functions_do_not_matter():
    mutation = Mutation('a.queue:Queue.take', 'n > LIMIT and not (self.full)', 'False', 'nothing')
    assert mutation.path.as_posix() == 'a/queue.py'
    assert mutation.apply(SOURCE).count('if False:') == mutation.apply(SOURCE).count('n > LIMIT') == 1
    assert 'LIMIT = 6' in Mutation('a.queue:LIMIT', '5', '6', 'nothing').apply(SOURCE)


@pytest.mark.parametrize(('where', 'old', 'message'), [
    ('a.queue:Queue.put', 'n > LIMIT', 'There is no a.queue:Queue.put; the rule was: n > LIMIT'),
    ('a.queue:take', 'n < LIMIT', 'a.queue:take has 0 times: n < LIMIT'),
    ('a.queue:take', 'n', 'a.queue:take has'),
])
def test_a_rule_that_is_gone_is_named(where, old, message):
    with pytest.raises(AnchorNotFound, match=message):
        Mutation(where, old, 'False', 'nothing').apply(SOURCE)
