#!/usr/bin/env bash
# Asks whether a package of server.lock has a known hole, with pip-audit in an environment of its own. Where the data about holes
# cannot be reached, pip-audit is as silent as when there are none; so it must find the hole of an old package first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
environment=.cache/audit

if [[ ! -x $environment/bin/pip-audit ]]; then
    .venv/bin/python -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit
fi
audit() { "$environment/bin/pip-audit" --strict --no-deps --disable-pip --progress-spinner off "$@"; }

old=$(mktemp)
trap 'rm -f "$old"' EXIT
echo "jinja2==2.4.1" > "$old"
if said=$(audit --requirement "$old" 2>&1) || ! grep -q "known vulnerabilit" <<< "$said"; then
    echo "audit: NOT DONE - nothing here tells which packages have holes: the one of an old jinja2 was not found" >&2
    exit 1
fi
audit --requirement server.lock
