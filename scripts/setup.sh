#!/bin/sh
# Makes .venv with everything the project needs. Asks for nothing but python3 (3.11 to 3.13) on Linux x86_64.
set -eu

python=${PYTHON3:-python3}
say() { printf 'setup: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

[ "$(uname -sm)" = "Linux x86_64" ] || fail "the sandbox's Terraform is a Linux x86_64 library; this is $(uname -sm)"
command -v "$python" >/dev/null || fail "there is no $python; install Python 3.11 or newer"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
    fail "$("$python" --version) does not fit; set PYTHON3 to a Python 3.11, 3.12 or 3.13"

# Debian keeps venv in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing python3-venv"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null
    else
        fail "this Python has no venv module; run: sudo apt-get install python3-venv"
    fi
fi

say "installing into .venv with $("$python" --version)"
rm -rf .venv/ready
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check "$(grep '^uv==' requirements-dev.txt)"
# uv does in seconds what takes pip minutes; pip knows proxies and mirrors that uv may not.
.venv/bin/uv pip install --quiet --system-certs --python .venv/bin/python --requirement requirements-dev.txt ||
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt

# The checkout itself is importable: chatops, functions, runner, sandbox.
.venv/bin/python - <<'PATHS'
import pathlib, sysconfig
root = pathlib.Path.cwd()
file = pathlib.Path(sysconfig.get_path("purelib"), "cloud-chatops.pth")
file.write_text(f"{root}\n{root / 'layers' / 'core' / 'python'}\n")
PATHS
touch .venv/ready
say "done"
