#!/usr/bin/env bash
# The virtual environment .venv, with exactly what a lock file says.
#
#   setup/python.sh LOCKFILE
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "python: $*" >&2; exit 1; }

python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "Python is missing: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed"
if [ ! -x .venv/bin/pip ]; then
  "$python" -c 'import ensurepip' 2>/dev/null || fail "venv is missing: apt-get install python3-venv"
  echo "python: making the virtual environment"
  "$python" -m venv .venv
fi
echo "python: installing what is in $1"
export PIP_DISABLE_PIP_VERSION_CHECK=1
.venv/bin/pip install --require-hashes --requirement "$1" |
  sed -nu 's/^Collecting \([^ ]*\).*/  \1/p'
.venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
