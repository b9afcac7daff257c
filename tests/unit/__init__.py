"""Tests of pure code, in the agent's environment: nothing here may need Indico."""
