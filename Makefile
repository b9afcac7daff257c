# The project's commands; `make help` lists them. Each one first prepares what it needs.
.DEFAULT_GOAL := help
.PHONY: help demo test scenario bench fonts lint lock clean venv
SHELL := /bin/bash
SERVER := .venv/server/bin/python
ARGS ?=
NAME ?= list

help:  ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /make \1 \t/' | expand -t 16

venv:  ## install what is missing: Debian packages, uv, .venv/server and .venv/agent (PYTHON=... chooses Python 3.12)
	@tests/stack/bootstrap.sh

demo: venv  ## start everything, check 20 people in and watch the badges print (ARGS='--once' ends after the 20)
	@$(SERVER) -m tests.stack.demo $(ARGS)

test: venv  ## lint, then the unit, agent, plugin and system tests (ARGS='unit plugin' runs only those, ARGS=pages those of pages)
	@$(SERVER) -m tests.stack.suites $(ARGS)

scenario: venv  ## run one scenario on the stack; NAME=list lists them; the last line is one JSON object
	@$(SERVER) -m tests.stack.scenarios $(NAME) $(ARGS)

bench: venv  ## measure the cost of a check-in and the time from scan to printer; the last line is one JSON object
	@$(SERVER) -m bench $(ARGS)

fonts: venv  ## build the font wheel in dist/, for servers without fonts of all scripts
	@$(SERVER) -m font_wheel

lint: venv  ## ruff, isort and mypy
	@$(SERVER) -m tests.stack.suites lint

lock: venv  ## write requirements/*.txt anew from pyproject.toml and requirements/*.in
	@requirements/lock.sh

clean:  ## remove the virtual environments and everything that was built
	rm -rf .venv .build dist .mypy_cache .ruff_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
