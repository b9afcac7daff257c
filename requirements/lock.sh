#!/bin/bash
# Writes the lock files. The server's is for the one Python that Indico supports, the agent's for any from 3.11 on.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv/boot/bin/uv)
compile() { "$uv" pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links \
  --custom-compile-command 'make lock' "$@"; }
compile --python-version 3.12.10 pyproject.toml --extra plugin requirements/server.in -o requirements/server.txt
compile --universal --python-version 3.11 pyproject.toml --extra agent --extra cups requirements/agent.in \
  -o requirements/agent.txt
