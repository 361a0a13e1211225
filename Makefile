# Two commands do everything: `make demo` and `make test`. Both set up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIN_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-header --no-annotate --upgrade
PIN := uv pip compile pyproject.toml $(PIN_OPTIONS)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types layers workflows unit format constraints picture bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "cidash needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

setup: $(READY) ## set up alone

demo: $(READY) ## set up, then run the dashboard on the demo world (no account, no network)
	@$(BIN)/cidash demo

test: check unit ## set up, then run all checks and tests

check: lint types layers workflows

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports --no-logo

workflows: $(READY)
	$(BIN)/zizmor --offline --quiet --persona=auditor .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml

unit: $(READY)
	$(BIN)/pytest -n auto

bench: $(READY) ## measure what the design promises: start, keys, idle, memory, requests (several minutes)
	@PYTHONPATH=tests $(BIN)/python tests/benchmarks/bench_all.py

picture: $(READY) ## draw docs/screen.svg anew from the demo
	@PYTHONPATH=tests $(BIN)/python tests/picture.py docs/screen.svg

format: $(READY) ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

constraints: ## resolve the development pins anew (needs uv)
	$(PIN) --group dev --output-file constraints.txt
	$(PIN) --output-file requirements/runtime.txt
	uv pip compile $(PIN_OPTIONS) --group build --output-file requirements/build.txt
	uv pip compile $(PIN_OPTIONS) --group security --output-file requirements/security.txt

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
