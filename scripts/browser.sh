#!/usr/bin/env bash
# Sees to it that there is a Chromium for the browser tests. Without one it says so: the tests are then skipped, or fail under REQUIRE_BROWSER=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
scripts/apt-install.sh chromium && exit 0
.venv/bin/playwright install chromium && exit 0
echo "browser: no Chromium was found or could be installed, so the browser tests can't run; install chromium by hand" >&2
