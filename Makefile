# The commands for people. CI calls the same targets (.ci/run).
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
ARGS ?=

# Where it is set, each of the hundreds of processes that the tests start compiles all that it imports, every time.
unexport PYTHONDONTWRITEBYTECODE

# One for each core, and two more: those that start a whole service wait for it, and others for limits of time.
TEST_PROCESSES ?= $(shell expr $$(nproc) + 2)
# Which of them runs which tests, and in which order: tests/selection.py.
PARALLEL := --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo try test pictures collect test-fast coverage check format site geodata faults worst-case bench audit lock clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(VENV)/.stamp  ## the virtual environment in .venv, from requirements.lock

$(VENV)/.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] or 0)'
	@echo "setting up $(VENV) (once; 20 s to a minute, and 800 MB of disk)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## a flood warning for Kreis Düren, end to end, with failures (KEEP=1 leaves it running)
	@$(BIN)/python -m ops.lab.demo $(if $(KEEP),--keep) $(ARGS)

try: setup  ## a small district whose phones show what arrives: send it a warning by hand, see README
	@$(BIN)/python -m ops.lab.town $(ARGS)

test: setup  ## all tests; ARGS go to pytest (ARGS="-n0 tests/cap": one folder, in one process)
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

# What their tests look at, they leave there: tests/test_pictures.py checks that none is missing.
PICTURED := $(addprefix tests/e2e/test_,alert_page.py app_page.py compose.py console.py console_health.py desk.py)

pictures: setup  ## pictures of all pages of the console and of the citizens' page, in var/pictures, by their tests
	@$(BIN)/python -m pytest $(PARALLEL) $(PICTURED) $(ARGS)

coverage: setup  ## all tests, and which lines none of them reaches (takes a third longer)
	@$(BIN)/python -m pytest --cov --cov-report=term $(PARALLEL) $(ARGS)

collect: setup  ## the names of all tests, whose modules are compiled by that
	@$(BIN)/python -m pytest --collect-only -qq --numprocesses 0 $(ARGS)

test-fast: setup  ## the tests that need no other process: no database, no queue, no command; within a minute
	@$(BIN)/python -m pytest -m "not processes" $(PARALLEL) $(ARGS)

check: setup  ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup  ## reformat, and fix what the linter can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

site: setup  ## var/site: the documents as a web site, which loads nothing from elsewhere (needs npm)
	@$(BIN)/python -m ops.site $(ARGS)

geodata: setup  ## var/geodata/de.bundle: the boundaries of all Germany (needs npm)
	@$(BIN)/python -m ops.geodata.build

faults: setup  ## the fault lab, every fault (ARGS: --runs N --seed N|random)
	@$(BIN)/python -m ops.lab.faults all $(ARGS)

worst-case: setup  ## looks for bodies that take long to read (ARGS: --search SECONDS --seed N --match)
	@$(BIN)/python -m ops.lab.worst_case $(ARGS)

bench: setup  ## a benchmark: make bench ARGS="idle-latency --json"
	@$(BIN)/python -m ops.lab.bench $(ARGS)

audit: setup  ## known vulnerabilities of the packages, and their SBOM in var/ (Error 1: some, Error 3: not all asked)
	@$(BIN)/python -m ops.supply_chain $(ARGS)

lock: setup  ## renew requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --extra embedded --extra geodata --extra parquet --extra dev --extra site --custom-compile-command "make lock" \
	  --output-file requirements.lock pyproject.toml

clean:  ## remove what was built and the data of the embedded servers
	rm -rf $(VENV) var build dist .mypy_cache .ruff_cache .pytest_cache .coverage
