"""The command ``print-agent``, also as ``python -m print_agent``."""

import sys


def main() -> None:
    """Run the command, or say what to install: the plugin's side has the same package without what the agent needs."""
    try:
        from print_agent.cli.main import main as command
    except ModuleNotFoundError as exc:
        if not exc.name or exc.name.startswith('print_agent'):
            raise
        sys.exit(f'print-agent: the Python package "{exc.name}" is missing. Please install the agent with what it '
                 "needs: pipx install 'indico-plugin-checkin-print[agent,cups]'")
    command()


if __name__ == '__main__':
    main()
