PYTHON ?= python3
BIN := .venv/bin
PACKAGE := __init__.py __main__.py py.typed domain application adapters

.PHONY: demo test pins

demo: .venv/ready
	$(BIN)/crosswatch-trakt demo

test: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

# An editable install maps this folder to `crosswatch_trakt` at run time; type checkers need the links.
.venv/ready: pyproject.toml constraints.txt Makefile
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	mkdir -p .venv/types/crosswatch_trakt
	ln -sfn $(addprefix ../../../,$(PACKAGE)) .venv/types/crosswatch_trakt/
	touch $@

pins: .venv/ready
	$(BIN)/python -m pip freeze --all --exclude crosswatch-trakt --exclude pip > constraints.txt
