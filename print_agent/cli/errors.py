"""What goes wrong on the command line: a sentence on stderr, and an exit code that a script can read."""

import contextlib
import sys
from collections.abc import Iterator

import click

from print_agent.errors import AgentError


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Turn what can go wrong into a sentence and an exit code."""
    try:
        yield
    except (AgentError, OSError) as exc:
        click.echo(str(exc), err=True)
        sys.exit(exc.exit_code if isinstance(exc, AgentError) else AgentError.exit_code)
