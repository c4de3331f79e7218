#!/usr/bin/env bash
# Chromium, which only the tests need. Where it cannot be installed, the browser tests fail and say so.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
  if command -v $name >/dev/null; then exit 0; fi
done
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "chromium: missing, and not root: the browser tests will fail until 'apt-get install chromium' was run" >&2
    exit 0
  fi
  as_root=(sudo -n)
fi
echo "chromium: installing with apt"
export DEBIAN_FRONTEND=noninteractive
if ! { "${as_root[@]}" apt-get -qq update &&
  "${as_root[@]}" apt-get -qq -y --no-install-recommends install chromium >/dev/null; }; then
  echo "chromium: apt could not install it: the browser tests will fail" >&2
fi
