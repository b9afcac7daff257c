"""Fonts for badges in all scripts."""

from pathlib import Path


def folder():
    """Return the folder of the fonts."""
    return Path(__file__).parent
