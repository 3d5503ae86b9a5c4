#!/usr/bin/env bash
# Installs the runtimes that these tests need besides Deno and Node, on a machine
# of Debian's family.
#
#   bash tests/runtimes/install.sh
set -euo pipefail

as_root() {
  if (($(id -u) == 0)); then "$@"; else sudo "$@"; fi
}

as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends chromium > /dev/null

# The packages for a platform have the programs themselves, so that no install
# script has to run.
readonly BUN_VERSION=1.4.5
readonly WORKERD_VERSION=1.20261117.1
case $(uname -m) in
  x86_64) bun=bun-linux-x64 workerd=workerd-linux-64 ;;
  aarch64) bun=bun-linux-aarch64 workerd=workerd-linux-arm64 ;;
  *) echo "There are no packages for this machine" >&2 && exit 1 ;;
esac
npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
  --prefix "$(dirname "${BASH_SOURCE[0]}")" \
  "@oven/${bun}@${BUN_VERSION}" "@cloudflare/${workerd}@${WORKERD_VERSION}"
