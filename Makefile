# Every target works from a fresh checkout with Python >= 3.11: it makes .venv, installs into it, and does so
# again only when pyproject.toml or requirements.lock changed. The README gives the lines for where make is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check lint bench soak docs lab clean lock

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed ## a sample source, its load and its reports; says what to open and try next
	@$(BIN)/igny8 demo
	@echo "First of all: . $(BIN)/activate, which puts igny8 on the PATH."

# Tests wait for servers, signals and browsers: three at a time keep two processors busy.
test: $(VENV)/.installed-test ## the test suite; with CI set, its slow tests too
	$(BIN)/python -m pytest -n 3 -m 'not soak$(if $(CI),, and not slow)'

check: lint ## lint, and the tests near what changed: about a minute
	$(BIN)/python -m pytest -p tests.near -q -x -m 'not soak and not slow'

lint: $(VENV)/.installed-test ## style, types, SQL format, and that the generated docs are not stale
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfmt --check --quiet etl warehouse igny8_analysis
	$(BIN)/python docs/generate.py --check

bench: $(VENV)/.installed-test ## speed and memory, as ratios; prints a table, writes benchmarks/results.json
	@$(BIN)/pip install -qq --constraint requirements.lock --editable '.[bench]'
	$(BIN)/python -m benchmarks

soak: $(VENV)/.installed-test ## the long tests: many kills, many runs, large data
	$(BIN)/python -m pytest -m soak

docs: $(VENV)/.installed-test ## write docs/dictionary.md, docs/cli.md and the sheet in docs/methods.md anew
	$(BIN)/python docs/generate.py

lab: $(VENV)/.installed ## JupyterLab on the notebooks and the warehouse in ./data
	$(BIN)/igny8 lab

clean: ## remove .venv, caches and build leftovers; ./data stays
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/.cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Newest versions that fit pyproject.toml, tried in an environment of their own.
lock:
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/pip install --quiet '.[all]'
	build/lock/bin/pip freeze --exclude igny8-analysis > requirements.lock

$(VENV)/.installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "igny8-analysis needs Python 3.11 or newer as $(PYTHON): try make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing into $(VENV): a few minutes the first time, nothing after that."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --constraint requirements.lock --editable '.[lab]'
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what the tests need into $(VENV)."
	@$(BIN)/pip install -qq --constraint requirements.lock --editable '.[lab,test,spark]'
	@touch $@
