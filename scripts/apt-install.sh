#!/usr/bin/env bash
# Installs Debian packages without a question asked; fails at once where apt is missing or may not be used.
set -euo pipefail

command -v apt-get >/dev/null || exit 1
as_root=(env DEBIAN_FRONTEND=noninteractive)
if [[ $(id -u) -ne 0 ]]; then
    sudo -n true 2>/dev/null || exit 1
    as_root=(sudo -n "${as_root[@]}")
fi

echo "installing with apt-get: $*"
# One stale source among many must not stop the install: whether the package can be had shows below.
"${as_root[@]}" apt-get update -qq </dev/null || true
"${as_root[@]}" apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@" </dev/null
