#!/usr/bin/env bash
# Node.js for building the pages: the system's where it is new enough, else one from a Python package.
set -euo pipefail
cd "$(dirname "$0")/.."

new_enough() {
  command -v npm >/dev/null && command -v node >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)'
}

if ! new_enough; then
  echo "node: this system has none that is new enough, installing one into .venv"
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/node.txt
fi
