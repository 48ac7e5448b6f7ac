# make run    start the studio          make test   the whole test suite
# make check  format, lint, types, architecture   make bench-editor  how the editor feels on this machine
# make bench-throughput   images a second of every generator against NFE
# The first of them makes .venv with the versions of constraints.txt; PYTHON=python3.12 chooses another interpreter.

PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= dev
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
STAMP := $(VENV)/.installed

.PHONY: setup run test check bench-editor bench-throughput

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	$(BIN)/python -c "open('$(STAMP)', 'w').close()"

run: setup
	$(BIN)/python app.py

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench-editor: setup
	$(BIN)/python benchmarks/editor.py $(ARGS)

bench-throughput: setup
	$(BIN)/python -m benchmarks.throughput $(ARGS)
