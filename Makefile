# `make help` lists what there is to do. Every target sets up what it needs, on a fresh machine too.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup node browser database demo test test-jax test-torch test-backends soak check bench bench-faults bench-store bench-web format clean bench-diagnosis charts lock audit sbom

BIN := .venv/bin
NPM := $(shell command -v npm)
INSTALL_INPUTS := pyproject.toml constraints.txt scripts/install.sh
WEB_TESTS := $(wildcard tests/web/*.test.mjs)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed-dev ## Install nanwatch and everything a developer needs into .venv

# constraints.txt holds the exact version of everything that a developer gets. To renew it:
#   uv pip compile pyproject.toml --extra dev --python-version 3.11 --no-annotate --no-header --upgrade -o constraints.txt
# The stamps: each install is done once, and again when what it reads has changed.
.venv/.installed-%: $(INSTALL_INPUTS)
	@scripts/install.sh $*

node: $(if $(NPM),node_modules/.package-lock.json) ## Install what checks and tests the pages (needs Node.js)
	@[[ -n "$(NPM)" ]] || echo "node: no npm here, so the pages' own checks are left out; install Node.js 20 or newer" >&2

node_modules/.package-lock.json: package.json package-lock.json
	npm ci
	@touch $@

browser: setup ## Find Chromium for the browser tests, or install it
	@scripts/browser.sh

database: ## Find the PostgreSQL server for the database tests, or install it
	@scripts/database.sh

demo: .venv/.installed-demo ## Break three real trainings and see why, live in the browser
	$(BIN)/nanwatch demo

test: export TF_CPP_MIN_LOG_LEVEL ?= 3
test: setup node browser database ## Run all tests
	$(if $(and $(NPM),$(WEB_TESTS)),node --test $(WEB_TESTS))
	$(BIN)/pytest -n 2 --dist loadfile

# constraints-backends.txt holds what these environments have beside constraints.txt.
.venv-%/.installed: pyproject.toml constraints.txt constraints-backends.txt scripts/install-backend.sh | setup
	@scripts/install-backend.sh $*

# Many of the tests compile the same steps.
test-jax: export JAX_COMPILATION_CACHE_DIR ?= .cache/jax
test-jax: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0
test-jax test-torch: test-%: .venv-%/.installed
	KERAS_BACKEND=$* .venv-$*/bin/pytest -n 2 --dist loadfile --confcutdir tests/backends tests/backends

test-jax: ## Test the callback on Keras' JAX backend, without TensorFlow
test-torch: ## Test the callback on Keras' PyTorch backend, without TensorFlow
test-backends: test-jax test-torch ## Test the callback on every other backend of Keras

check: setup node ## Lint, formatting, types and the arrows between the rooms
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(NPM),npm run --silent check)

soak: setup database ## Run the long tests: kills, strain, hours of points (NANWATCH_SOAK_MINUTES=20)
	$(BIN)/pytest -m soak tests/soak

bench-faults: setup ## What a server that is down, slow or broken costs a training, and its exit
	$(BIN)/python bench/faults.py

bench: setup ## What watching costs a training, side by side with no callback and with TensorBoard's
	TF_CPP_MIN_LOG_LEVEL=3 NANWATCH_MODE=offline $(BIN)/python bench/callback.py

bench-store: setup ## What storing and showing points cost, against a plain table of rows
	$(BIN)/python bench/store.py
	$(BIN)/python bench/ingest.py

bench-web: setup node browser ## What looking costs: weight, first chart, live charts, beside uPlot
	$(BIN)/python bench/web.py

bench-diagnosis: setup ## How well causes are named: every program of the gallery, against the bars
	TF_CPP_MIN_LOG_LEVEL=3 $(BIN)/python bench/causes.py
	TF_CPP_MIN_LOG_LEVEL=3 $(BIN)/python bench/generalise.py

charts: ## Make the chart bundle of the pages anew from its pinned packages (needs Node.js)
	npm --prefix scripts/charts ci
	npm --prefix scripts/charts run build

lock: ## Write server.lock: what the server's image holds, by version and hash (needs uv)
	uv pip compile pyproject.toml --extra postgres -c constraints.txt --python-version 3.11 --universal \
	    --generate-hashes --no-annotate --no-header --no-emit-index-url --quiet -o server.lock

sbom: setup ## Write dist/server.cdx.json: the parts of the server's image, as CycloneDX has it
	[[ -x .cache/sbom/bin/cyclonedx-py ]] || .venv/bin/python -m venv .cache/sbom
	.cache/sbom/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom
	@mkdir -p dist
	.cache/sbom/bin/cyclonedx-py requirements server.lock --output-reproducible --output-file dist/server.cdx.json

audit: setup ## Ask whether a package of server.lock has a known hole
	scripts/audit.sh

format: setup ## Format the code and mend what the linter can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## Remove what the other targets made: environments, node_modules, caches, builds
	rm -rf .venv .venv-jax .venv-torch node_modules scripts/charts/node_modules dist build .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
