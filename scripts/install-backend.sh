#!/usr/bin/env bash
# Installs the callback beside Keras on another backend ("jax" or "torch") into an environment of its own, .venv-jax or
# .venv-torch, without TensorFlow. With pip: a plain `torch` may be had as a CPU build where pip is told of one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
backend=$1
environment=.venv-$backend

echo "setup: installing nanwatch[$backend] into $environment"
rm -rf "$environment"
.venv/bin/python -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check -e ".[$backend]" \
    pytest pytest-timeout pytest-xdist -c constraints.txt -c constraints-backends.txt
touch "$environment/.installed"
