"""What the agent holds and what becomes of it, from its arrival to its outcome."""
