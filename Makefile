# Everything a developer types. Each target sets up what it needs, in a virtual environment of its own.

.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
# Further arguments for pytest, as in: make test ARGS="tests/unit/conf -x"
ARGS ?=

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TESTED := $(VENV)/.tested
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Each environment has a report of its own; the tests' child processes must not add to another's.
export COVERAGE_FILE := $(abspath $(VENV))/.coverage
# Starts coverage with the interpreter: pytest loads our plugin, and through it the package, before its own plugins
# could begin to measure. Processes that tests start are measured in the same way.
MEASURED := COVERAGE_PROCESS_START=$(CURDIR)/pyproject.toml
export PIP_ROOT_USER_ACTION := ignore

CHECKED := openviper tests benchmarks examples docs .ci
SOURCES := $(shell find $(CHECKED) changelog README.md CONTRIBUTING.md Makefile pyproject.toml -type f \
	-not -path '*/_build/*' -not -path '*/__pycache__/*' -not -name '*.sqlite3*' 2>/dev/null)

.PHONY: help demo test test-all slow check lint types contracts docs bench format clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

demo: $(INSTALLED)  ## serve the example project (HOST and PORT may be given)
	cd examples/bookshop && exec $(abspath $(BIN))/python viperctl.py runserver --no-reload --host $(HOST) --port $(PORT)

test: $(INSTALLED)  ## run the tests, without the slow ones
	@$(BIN)/python -m coverage erase
	$(MEASURED) $(BIN)/python -m pytest -n auto -m "not slow" $(ARGS)
	@# Only a whole run proves the tree as it is; `check` then needs no second one.
	@if [ -n "$(MEASURED)" ] && [ -z "$(ARGS)" ]; then $(BIN)/python -m coverage combine --quiet && touch $(TESTED); fi

test-all:  ## run the tests on every newer Python of this machine
	@pythons=$$($(PYTHON) .ci/newer_pythons.py) || exit 1; \
	printf '%s\n' "$$pythons" | { failed=; while read -r version python; do \
		test -n "$$version" || continue; \
		echo "== Python $$version: $$python"; \
		$(MAKE) --no-print-directory test VENV=.venv-$$version PYTHON="$$python" MEASURED= </dev/null || failed="$$failed $$version"; \
	done; test -z "$$failed" || { echo "the tests failed on Python$$failed" >&2; exit 1; }; }

slow: $(INSTALLED)  ## run all tests, long ones in full
	$(BIN)/python -m pytest -n auto --hypothesis-profile=full $(ARGS)

check: lint types contracts docs $(TESTED)  ## everything that must hold before a change lands
	$(BIN)/python -m coverage report

lint: $(INSTALLED)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(INSTALLED)
	$(BIN)/python -m mypy

contracts: $(INSTALLED)
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .

docs: $(INSTALLED)  ## build the documents into docs/_build
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -b html docs docs/_build/html

bench: $(INSTALLED)  ## compare start and request with their bounds
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.database
	$(BIN)/python -m benchmarks.orm
	$(BIN)/python -m benchmarks.reload

format: $(INSTALLED)  ## put the code into shape
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

clean:  ## remove everything that make has made
	rm -rf .venv .venv-* docs/_build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(TESTED): $(INSTALLED) $(SOURCES)
	$(MAKE) --no-print-directory test ARGS=

# Brought up to date whenever the metadata change, so that the environment never lags behind them.
$(INSTALLED): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no '$(PYTHON)'; name a Python 3.11 or newer: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "'$(PYTHON)' is $$($(PYTHON) --version 2>&1), and 3.11 or newer is needed: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { \
		echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PIP) install --editable '.[dev]'
	@touch $@
