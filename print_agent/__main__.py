"""``python -m print_agent`` is ``print-agent``."""

from print_agent.cli import main


main()
