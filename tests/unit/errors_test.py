"""The tree of errors is what its docstring draws."""

import re

from print_agent import errors
from print_agent.errors import AgentError


def tree(cls, depth=0):
    yield cls.__name__, depth
    for sub in cls.__subclasses__():
        if sub.__module__ == errors.__name__:
            yield from tree(sub, depth + 1)


def test_docstring_draws_the_tree():
    drawn = [(name, len(edge) // 4) for edge, name in
             re.findall(r'^    ([│├└─ ]*)([A-Z]\w+)', errors.__doc__, re.MULTILINE)]
    assert sorted(drawn) == sorted(tree(AgentError))
    assert len(drawn) > 20


def test_every_error_has_a_sentence_of_its_own():
    for name, _ in tree(AgentError):
        assert getattr(errors, name).__doc__
