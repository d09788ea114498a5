#!/usr/bin/env bash
# Installs nanwatch with one of its extras ("demo" or "dev") into .venv: with uv when it is there, else with venv and pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
extra=$1
python=.venv/bin/python

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

have_uv() { uv --version >/dev/null 2>&1; }

# The versions that the pinned TensorFlow has wheels for.
usable() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if usable "$candidate"; then echo "$candidate"; return; fi
    done
    # uv fetches a Python of its own.
    if have_uv; then echo 3.12; return; fi
    fail "Python 3.11, 3.12 or 3.13 is needed and none was found. Install one (Debian, Ubuntu: apt install python3 python3-venv), or uv."
}

# Debian keeps a part of venv in a package of its own. A half-made .venv is not left behind.
venv_of() {
    "$1" -m venv .venv && return
    rm -rf .venv
    scripts/apt-install.sh python3-venv && "$1" -m venv .venv
}

make_venv() {
    local base
    base=$(find_python)
    echo "setup: making .venv with $base"
    rm -rf .venv
    if have_uv; then
        uv venv --quiet --python "$base" .venv
    else
        venv_of "$base" || fail "'$base -m venv' failed. On Debian and Ubuntu: apt install python3-venv."
    fi
}

install() {
    local quiet=()
    [[ -t 1 ]] || quiet=(--quiet)
    if have_uv; then
        uv pip install ${quiet[@]+"${quiet[@]}"} --python "$python" -e ".[$extra]" -c constraints.txt
    else
        "$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip
        "$python" -m pip install ${quiet[@]+"${quiet[@]}"} --disable-pip-version-check -e ".[$extra]" -c constraints.txt
    fi
}

usable "$python" || make_venv
echo "setup: installing nanwatch[$extra]; the first time TensorFlow is fetched, which takes a few minutes"
install
touch ".venv/.installed-$extra"
# All that the demo needs is among what a developer needs.
[[ $extra != dev ]] || touch .venv/.installed-demo
