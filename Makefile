# Two commands do everything on a fresh machine: `make run` and `make test`. `make help` lists the rest.

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATASET ?= datasets/telco
TENURE_HOME ?= .tenure
export TENURE_HOME

.PHONY: help run test coverage test-nightly lint bench lock golden audit sbom wheel clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}'

run: $(VENV)/local.stamp ## Train, evaluate, register and serve on DATASET: a folder, or a name in datasets/ (default: telco)
	$(BIN)/tenure run $(if $(wildcard datasets/$(DATASET)/contract.yaml),datasets/$(DATASET),$(DATASET))

# Three workers on two cores: many tests wait for a server's time limit, a controller or a connection.
PYTEST := $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not e2e" -q

test: lint ## Lint, types, architecture, and every test that needs no cluster
	$(PYTEST)

# Apart, since tracing takes half as much time again.
coverage: $(VENV)/dev.stamp ## The same tests with coverage, which must not fall
	$(PYTEST) --cov --cov-report=term:skip-covered

test-nightly: $(VENV)/dev.stamp ## The property tests with twenty times as many examples, others each time
	HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -n 2 -m hypothesis --timeout 1800 -q

lint: $(VENV)/dev.stamp ## Style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp ## Speed and memory, tables with machine, date and command: all, or NAME=tuning
	$(BIN)/python -m benchmarks $(NAME)

lock: $(VENV)/dev.stamp ## Resolve pyproject.toml into requirements/*.txt; pins that still hold are kept
	$(BIN)/python requirements/lock.py

golden: $(VENV)/dev.stamp ## Rewrite the golden files after a wanted change of a pipeline
	TENURE_GOLDEN=write $(BIN)/pytest -q tests/golden

audit: $(VENV)/dev.stamp ## Known vulnerabilities of the locked packages
	$(BIN)/pip-audit --disable-pip --require-hashes $(patsubst %,--requirement %,$(wildcard requirements/*.txt))

sbom: $(VENV)/dev.stamp ## Bill of materials (CycloneDX) of each image, or of ROLE, in build/sbom
	@mkdir -p build/sbom
	@for role in $(or $(ROLE),server pipeline rollout); do \
		$(BIN)/python images/sbom.py $$role build/sbom/tenure-$$role.cdx.json && echo build/sbom/tenure-$$role.cdx.json || exit 1; \
	done

wheel: $(VENV)/dev.stamp ## The package, in build/dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir build/dist .

clean: ## Remove build output and caches; runs and models (TENURE_HOME) stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# One environment, two depths: `make run` installs what a laptop needs, `make test` adds the development tools.
# Stamps carry no content: a lock newer than its stamp installs again.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Tenure needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "cannot create $(VENV): on Debian and Ubuntu install the package python3-venv" >&2; exit 1; }

$(VENV)/local.stamp: requirements/local.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing Tenure into $(VENV) (once; a few minutes on a slow network)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/local.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/local.stamp
	@echo "Installing the development tools into $(VENV)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

-include k8s/cluster.mk
