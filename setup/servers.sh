#!/usr/bin/env bash
# PostgreSQL and Redis, which only the tests and the bench need: they start servers of their own, in folders of
# their own. Where the programs cannot be installed, the tests that need them fail and say so.
set -euo pipefail

missing=()
if ! command -v redis-server >/dev/null; then missing+=(redis-server); fi
if ! command -v postgres >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then
  missing+=(postgresql)
fi
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "servers: missing, and not root: tests will fail until 'apt-get install ${missing[*]}' was run" >&2
    exit 0
  fi
  as_root=(sudo -n)
fi

# Nobody asked for a database or a Redis of the machine's own: what the packages would start while they are
# installed stays stopped and is not started at boot. A policy that the machine has of its own is left alone.
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/svarklar-tests.conf
lift=()
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin $policy
  lift+=($policy)
fi
"${as_root[@]}" install -D -m 644 /dev/stdin $cluster <<<"create_main_cluster = false"
lift+=($cluster)
trap '"${as_root[@]}" rm -f "${lift[@]}"' EXIT
redis_was_there=$([ -e /lib/systemd/system/redis-server.service ] && echo yes || true)

echo "servers: installing ${missing[*]} with apt"
export DEBIAN_FRONTEND=noninteractive
if ! { "${as_root[@]}" apt-get -qq update &&
  "${as_root[@]}" apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null; }; then
  echo "servers: apt could not install ${missing[*]}: tests will fail" >&2
fi
if [ -z "$redis_was_there" ] && command -v systemctl >/dev/null; then
  "${as_root[@]}" systemctl disable --quiet redis-server 2>/dev/null || true
fi
