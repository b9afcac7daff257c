"""The tests: a package for each suite, and the stack that they run on. See docs/development.md."""
