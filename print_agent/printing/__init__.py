"""Ways to put a badge on paper: CUPS, and a folder. What they share is in :mod:`print_agent.printing.backend`."""
