"""Tests of the permission to print: state machines, their doubles, and mutations of the rules."""
