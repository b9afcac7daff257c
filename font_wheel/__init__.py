"""Builds the font wheel: the fonts of badges as a Python package, for machines that get none from their distribution.

The files come from packages of Debian that `debian.toml` names with their hashes: each build has the same bytes.
"""
