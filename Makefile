PYTHON ?= python3
BIN := .venv/bin
PACKAGE := __init__.py __main__.py py.typed domain application adapters

.PHONY: bench demo kills pins planted soak test

demo: .venv/ready
	$(BIN)/crosswatch-trakt demo

test: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

# The models of writing at length. Other runs, or the same again: make soak RUNS=200 SEED=1
RUNS ?= 10000
soak: .venv/ready
	$(BIN)/python -m tests.soak.models --runs $(RUNS) $(if $(SEED),--seed $(SEED))

KILLS ?= 300
kills: .venv/ready
	$(BIN)/python -m tests.soak.kills --kills $(KILLS) $(if $(SEED),--seed $(SEED))

planted: .venv/ready
	$(BIN)/python -m tests.soak.planted

# An editable install maps this folder to `crosswatch_trakt` at run time; type checkers need the links.
.venv/ready: pyproject.toml constraints.txt Makefile
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	mkdir -p .venv/types/crosswatch_trakt
	ln -sfn $(addprefix ../../../,$(PACKAGE)) .venv/types/crosswatch_trakt/
	touch $@

# Figures for docs/performance.md. FULL=1 adds a million plays; ROUNDS=1 is a quick look.
bench: .venv/ready
	$(BIN)/python -m tests.benchmarks

pins: .venv/ready
	$(BIN)/python -m pip freeze --all --exclude crosswatch-trakt --exclude pip > constraints.txt
