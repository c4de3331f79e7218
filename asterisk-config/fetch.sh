#!/usr/bin/env bash
# Unpacks Asterisk 22 and the voice flite from Debian into one folder, as any user, changing nothing else.
#
#   asterisk-config/fetch.sh DEST
#
# Debian 12 itself has no Asterisk; Debian testing and unstable do. This downloads their packages with a
# private apt state from the mirror this machine already uses, and unpacks them. Programs in DEST are run
# through DEST's own dynamic linker, so the C library of the machine does not matter.
# DEST appears whole or not at all.
set -euo pipefail

# Asterisk, flite, and the libraries that the modules we load need. Everything that `apt` would install
# is four times as much: that is the second attempt, for when this list has gone stale.
short_list=(
  asterisk asterisk-modules flite libflite1 libasound2t64
  libc6 libgcc-s1 libstdc++6 libcap2 libcrypt1 libedit2 libbsd0 libmd0 libtinfo6 libjansson4
  libsqlite3-0 libssl3t64 libsystemd0 liburiparser1 libuuid1 libxml2-16 libxslt1.1 zlib1g libzstd1
  libsrtp2-1 libnss3 libnspr4 libopus0
)
config=$(cd "$(dirname "$0")" && pwd)

say() { echo "asterisk: $*"; }
fail() { echo "asterisk: $*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: fetch.sh DEST"
for tool in apt-get dpkg dpkg-deb; do
  command -v $tool >/dev/null || fail "$tool is missing: on a system without it, install Asterisk 22.8 or newer"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || fail "Debian's signing keys are missing: apt-get install debian-archive-keyring"

architecture=$(dpkg --print-architecture)
case $architecture in
  amd64) libraries=usr/lib/x86_64-linux-gnu linker=usr/lib64/ld-linux-x86-64.so.2 ;;
  arm64) libraries=usr/lib/aarch64-linux-gnu linker=usr/lib/ld-linux-aarch64.so.1 ;;
  *) fail "no packages for $architecture: install Asterisk 22.8 or newer yourself" ;;
esac

# Every program and every module that our configuration loads must find its libraries in the prefix.
complete() { # PREFIX
  local prefix=$1 module missing
  local loader=("$prefix/$linker" --library-path "$prefix/$libraries")
  missing=$(
    { echo "$prefix/usr/sbin/asterisk"
      echo "$prefix/usr/bin/flite"
      for module in $(sed -n 's/^load *= *//p' "$config/etc/modules.conf"); do
        echo "$prefix/$libraries/asterisk/modules/$module"
      done
    } | while read -r file; do
      [ -e "$file" ] || { echo "$file"; continue; }
      "${loader[@]}" --list "$file" 2>&1 | grep -E 'not found|cannot open' || true
    done
  )
  [ -z "$missing" ] || { say "missing: $(echo "$missing" | head -n 3 | xargs)"; return 1; }
  "${loader[@]}" "$prefix/usr/sbin/asterisk" -V
}

if [ -e "$1" ]; then
  complete "$1" || fail "$1 is outdated or damaged: remove it and try again"
  exit 0
fi

# The Debian mirror in this machine's own apt sources; the security mirror has no testing.
mirror=$(apt-get --no-release-info indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
  grep '/debian/*$' | head -n 1) || true
[ -n "$mirror" ] || fail "no Debian mirror in this machine's apt sources: add one and run apt-get update"

mkdir -p "$(dirname "$1")"
destination=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d "$destination.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# An apt of our own: nothing of the machine's package state is read or written, only its proxy is kept.
# Signatures are checked as ever; their expiry is not, since a local mirror may lag weeks behind.
prepare_apt() { # SUITE
  mkdir -p "$work"/apt/{lists,archives}/partial
  : >"$work/apt/status"
  echo "deb [signed-by=$keyring] $mirror $1 main" >"$work/apt/sources.list"
  {
    apt-config dump | grep -i '^Acquire::.*proxy' || true
    cat <<CONF
Dir::State "$work/apt"; Dir::State::lists "$work/apt/lists"; Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt"; Dir::Cache::archives "$work/apt/archives";
Dir::Etc::main "/dev/null"; Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$work/apt/sources.list"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "$architecture"; APT::Architectures { "$architecture"; };
APT::Install-Recommends "false"; APT::Sandbox::User ""; Debug::NoLocking "true";
Acquire::Languages "none"; Acquire::Retries "3"; Acquire::Check-Valid-Until "false";
CONF
  } >"$work/apt.conf"
  export APT_CONFIG=$work/apt.conf
}

download_short() { (cd "$work/packages" && apt-get -qq download "${short_list[@]}"); }

download_full() {
  apt-get -qq -y --download-only install asterisk flite &&
    mv "$work"/apt/archives/*.deb "$work/packages/"
}

unpack() {
  local package
  for package in "$work"/packages/*.deb; do dpkg-deb -x "$package" "$work/prefix" || return; done
}

for suite in testing sid; do
  say "reading the package index of Debian $suite"
  prepare_apt $suite
  apt-get -qq update || continue
  for amount in short full; do
    say "downloading ($amount package list)"
    rm -rf "$work/packages" "$work/prefix"
    mkdir "$work/packages" "$work/prefix"
    "download_$amount" || continue
    say "unpacking $(ls "$work/packages" | wc -l) packages"
    if unpack && complete "$work/prefix"; then
      mv -T "$work/prefix" "$destination"
      say "ready in $destination"
      exit 0
    fi
  done
done
fail "could not be fetched from $mirror: is it reachable? The lines above say what went wrong"
