"""Tests of the whole stack, with a browser."""
