#!/bin/bash
# Makes .venv/server (Indico and the plugin) and .venv/agent (the print agent, without Indico) ready to use.
# Needs only bash on a Debian-like system: it installs Debian packages, uv and Python packages itself, and does nothing
# when nothing has changed. PYTHON=... chooses the server's interpreter, AGENT_PYTHON=... the agent's.
set -euo pipefail
cd "$(dirname "$0")/../.."
started=$SECONDS
venvs=.venv
logs=$venvs/logs
# Indico asks for 3.12.2; with 3.12.0 and 3.12.1 nothing else differs, so packages are chosen as if for this version.
pretend=3.12.10
mkdir -p "$logs"

say() { printf '[%4ds] %s\n' $((SECONDS - started)) "$*"; }

# run WORDS FILE COMMAND...: one line per step; the command's own words go to a file and are shown when it fails.
run() {
  local words=$1 log=$logs/$2 begin=$SECONDS; shift 2
  if ! "$@" >"$log" 2>&1; then
    say "$words: FAILED, the last lines of $log:"; tail -n 40 "$log" >&2; exit 1
  fi
  say "$words ($((SECONDS - begin)) s)"
}

missing_packages() {
  local wanted; wanted=$(sed 's/#.*//' tests/stack/debian.txt)
  # Ubuntu has only a snap by this name; there the tests take a browser of Playwright's own
  if grep -qs '^ID=ubuntu' /etc/os-release; then wanted=${wanted/chromium/}; fi
  # shellcheck disable=SC2086
  comm -23 <(printf '%s\n' $wanted | sort) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

# The services are for the tests' own private copies: the system's ones shall not start just because they came along.
apt_install() {
  local as=$1 policy=/usr/sbin/policy-rc.d; shift
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as tee $policy >/dev/null && $as chmod 755 $policy
    # shellcheck disable=SC2064
    trap "$as rm -f $policy" EXIT
  fi
  # somebody's third-party source may be broken: what we need may be there all the same
  $as apt-get update -q || echo 'apt-get update failed; continuing with the lists that there are.'
  $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

if command -v dpkg-query >/dev/null; then
  packages=$(missing_packages | tr '\n' ' ')
  if [ -n "$packages" ]; then
    if [ "$(id -u)" = 0 ]; then as=''
    elif sudo -n true 2>/dev/null; then as='sudo'
    else
      echo "These Debian packages are missing. Please run, as an administrator:" >&2
      echo "  apt-get install --no-install-recommends $packages" >&2
      exit 1
    fi
    say "installing $(wc -w <<<"$packages") Debian packages (a few minutes the first time)"
    # shellcheck disable=SC2086
    run 'Debian packages' debian.log apt_install "$as" $packages
    [ -z "$(trap -p EXIT)" ] || { $as rm -f /usr/sbin/policy-rc.d; trap - EXIT; }
  fi
else
  echo 'This is not a Debian-like system: please install what tests/stack/debian.txt lists by hand.' >&2
fi

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
  uv=$PWD/$venvs/boot/bin/uv
  make_boot() { python3 -m venv --clear "$venvs/boot" && "$venvs/boot/bin/python" -m pip install -q 'uv>=0.9'; }
  [ -x "$uv" ] || run 'uv' uv.log make_boot
fi

# version COMMAND: "3.12.7", or nothing if the command does not really run (pyenv leaves such names on PATH).
version() { "$1" -c 'import sys; print(".".join(map(str, sys.version_info[:3])))' 2>/dev/null || true; }

# find_python 3.12 CANDIDATE...: the newest patch release of that version among those that run.
find_python() {
  local series=$1 found='' path; shift
  for path in "$@"; do
    [ -x "$path" ] || continue
    case $(version "$path") in "$series".*) found+="$(version "$path") $path"$'\n' ;; esac
  done
  sort -V <<<"$found" | tail -n 1 | cut -d' ' -f2-
}

server_python() {
  local path
  if [ -n "${PYTHON:-}" ]; then
    path=$(command -v "$PYTHON" || true)
    case $([ -z "$path" ] || version "$path") in
      3.12.*) echo "$path"; return ;;
      *) echo "PYTHON=$PYTHON is no Python 3.12 that runs; Indico needs 3.12." >&2; return 1 ;;
    esac
  fi
  # shellcheck disable=SC2046
  path=$(find_python 3.12 $(type -ap python3.12 python3 | sort -u) "$HOME"/.pyenv/versions/3.12*/bin/python \
         "$HOME"/.local/share/uv/python/cpython-3.12*/bin/python3.12 /usr/bin/python3.12 /usr/local/bin/python3.12)
  if [ -z "$path" ]; then
    "$uv" python install 3.12 >&2 && path=$("$uv" python find --managed-python 3.12)
  fi
  echo "$path"
}

# environment NAME PYTHON LOCK FLAG...: a virtual environment with exactly what the lock file says, plus this project.
# One that is there already is only brought up to date, unless it has another interpreter.
environment() {
  local name=$1 python=$2 lock=$3; shift 3
  local folder=$venvs/$name packages
  packages=$(cat "$lock" pyproject.toml | sha256sum | cut -c1-64)
  if [ "$(cat "$folder/stamp" 2>/dev/null)" = "$python $PWD $packages" ]; then return; fi
  # each step says what follows if it fails: in the condition of an `if`, as in `run`, bash does not stop on its own
  install_locked() {
    case $(cat "$folder/stamp" 2>/dev/null) in
      "$python $PWD "*) ;;
      *) "$uv" venv -q --clear --python "$python" "$folder" || return ;;
    esac
    # compiled now, by all cores, or else by each of the many processes that load Indico
    "$uv" pip sync --python "$folder/bin/python" --compile-bytecode --require-hashes "$@" "$lock" || return
    "$uv" pip install --python "$folder/bin/python" --no-deps "$@" -e .
  }
  # an interpreter that was built with another compiler asks for that one
  export CC=${CC:-cc}
  run "Python packages of .venv/$name" "$name.log" install_locked "$@"
  echo "$python $PWD $packages" >"$folder/stamp"
}

python=$(server_python)
[ -n "$python" ] || { echo 'No Python 3.12 found, and none could be fetched. Name one with PYTHON=...' >&2; exit 1; }
flags=()
case $(version "$python") in
  3.12.0|3.12.1) flags=(--python-version "$pretend")
    [ -e "$venvs/server/stamp" ] || say "Indico asks for Python 3.12.2 or newer; continuing with $(version "$python")." ;;
esac
environment server "$python" requirements/server.txt "${flags[@]}"

# The agent's machine has whatever its system brings: take the system's own Python when it is new enough.
agent=${AGENT_PYTHON:-/usr/bin/python3}
"$agent" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || agent=$python
environment agent "$agent" requirements/agent.txt
[ $((SECONDS - started)) -lt 2 ] || say "ready: .venv/server ($(version "$venvs/server/bin/python")), .venv/agent ($(version "$venvs/agent/bin/python"))"
