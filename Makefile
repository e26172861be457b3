# geo_registry: `make help` lists what there is.
.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help setup demo serve test deep check fix bench lock packages assets

PYTHON ?= python3
export PYTHON
BIN := .venv/bin
INSTALLED := .venv/installed
# A cluster of its own: one that runs outside that network could not be reached.
OFFLINE := GEO_REGISTRY_TEST_HOME=$(CURDIR)/var/deep $(BIN)/python scripts/offline.py $(BIN)/pytest
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: packages $(INSTALLED) assets ## Install everything the registry needs; again: nothing to do

demo: setup ## Load a demonstration town on first use, then serve it on http://127.0.0.1:8000
	$(BIN)/geo-registry demo

serve: setup ## Serve this installation's registry
	$(BIN)/geo-registry db upgrade
	$(BIN)/geo-registry serve

test: setup ## Run all tests, those in a real browser too
	@scripts/debian_packages.sh --tests
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

deep: setup ## Run all tests and the long ones at full size, with no network but the loopback
	@scripts/debian_packages.sh --tests
	@$(PIP) --require-hashes -r requirements-deep.lock
	$(OFFLINE) -n 2 --dist loadfile --no-loadscope-reorder
	$(OFFLINE) -m deep

check: $(INSTALLED) ## Lint, types, import order and the tests without a database, in seconds
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 -m "not postgis and not browser and not data and not deep"

fix: $(INSTALLED) ## Format, and repair what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup ## Run the benchmarks
	$(BIN)/python -m benchmarks

lock: ## Renew both requirements*.lock from requirements*.in (needs uv)
	for list in requirements requirements-deep; do \
		uv pip compile $$list.in -o $$list.lock --universal --python-version 3.11 --upgrade \
			--generate-hashes --no-emit-index-url --no-header --quiet || exit 1; done

packages:
	@scripts/debian_packages.sh

assets: $(INSTALLED)
	@$(BIN)/python -m web_map.assets

$(INSTALLED): requirements.lock pyproject.toml | packages
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Python packages (about a minute the first time)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@
