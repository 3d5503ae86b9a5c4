#!/usr/bin/env bash
# Installs the servers of the interop tests on a machine of Debian's family. None
# is started: the tests start their own, with their own configurations.
#
#   bash tests/interop/install.sh
set -euo pipefail

readonly POLICY=/usr/sbin/policy-rc.d

as_root() {
  if (($(id -u) == 0)); then "$@"; else sudo "$@"; fi
}

# Debian asks this script before it starts a service; 101 is "not allowed".
# One that is there already is left to say what its owner wants.
forbid_services() {
  [[ -e $POLICY ]] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" > /dev/null
  as_root chmod 755 "$POLICY"
  trap 'as_root rm -f "$POLICY"' EXIT
}

forbid_services
as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends \
  apache2-bin haproxy lighttpd lighttpd-mod-openssl nginx python3 > /dev/null

# Bun's package for a platform has the program itself, so that no install script
# has to run.
readonly BUN_VERSION=1.4.5
case $(uname -m) in
  x86_64) bun=@oven/bun-linux-x64 ;;
  aarch64) bun=@oven/bun-linux-aarch64 ;;
  *) echo "There is no Bun for this machine" >&2 && exit 1 ;;
esac
npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
  --prefix "$(dirname "${BASH_SOURCE[0]}")" "${bun}@${BUN_VERSION}"
