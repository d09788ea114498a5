#!/usr/bin/env bash
# Sees to it that PostgreSQL's server programs are there for the database tests. Without them it says so: the tests are then
# skipped, or fail under REQUIRE_POSTGRES=1. The tests start a server of their own; none that runs already is touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Debian keeps the server programs out of PATH.
for initdb in initdb /usr/lib/postgresql/*/bin/initdb; do
    if command -v "$initdb" >/dev/null; then exit 0; fi
done
scripts/apt-install.sh postgresql && exit 0
echo "database: no PostgreSQL server was found or could be installed, so its tests can't run; install postgresql by hand" >&2
