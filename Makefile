# Each target does its own set-up. `make demo` needs the network once, for the packages; nothing else does.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint config/constraints.txt
SOURCES := pyproject.toml config/constraints.txt
# What lints the extension.
TOOLS := web-ext@10.7.0

.PHONY: help demo serve test check lint acceptance extension extension-lint extension-tools clean

help:
	@echo "make demo        colour a sample chapter and show the result (mangaflux-demo/)"
	@echo "make serve       start the server on http://127.0.0.1:8765"
	@echo "make test        the test suite"
	@echo "make check       format, lint, import contracts, types, tests"
	@echo "make acceptance  tests that drive real processes at length"
	@echo "make extension   the browser extension: a folder and a zip for each browser (dist/); extension-lint lints it"

demo: $(VENV)/.base
	$(BIN)/mangaflux demo

serve: $(VENV)/.base
	@if command -v nvidia-smi >/dev/null 2>&1; then $(MAKE) --no-print-directory $(VENV)/.flux; fi
	$(BIN)/mangaflux serve

test: $(VENV)/.dev
	$(BIN)/python -m pytest

check: lint test

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

acceptance: $(VENV)/.dev
	$(BIN)/python -m pytest tests/acceptance --override-ini addopts="--strict-config --strict-markers -pno:schemathesis"

extension:
	$(PYTHON) extension/build.py

extension-lint: extension .tools/.installed
	.tools/node_modules/.bin/web-ext lint --source-dir dist/extension-chromium
	.tools/node_modules/.bin/web-ext lint --source-dir dist/extension-firefox

extension-tools: .tools/.installed

.tools/.installed: Makefile
	npm install --prefix .tools --no-save --no-audit --no-fund $(TOOLS)
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MangaFlux needs Python 3.11 or newer; set PYTHON=python3.11 (or newer)."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(VENV)/bin/python $(SOURCES)
	$(PIP) --editable .
	@touch $@

$(VENV)/.flux: $(VENV)/.base
	$(PIP) --editable '.[flux]'
	@touch $@

$(VENV)/.dev: $(VENV)/.flux
	$(PIP) --editable '.[flux,dev]'
	@touch $@

clean:
	rm -rf $(VENV) .tools build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache mangaflux-demo
