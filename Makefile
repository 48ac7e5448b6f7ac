# make run    start the studio          make test   the whole test suite
# make check  format, lint, types, architecture, and the page's scripts where Node is there (make check-page)
# make bench-editor        how the editor feels on this machine
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

.PHONY: setup run test check check-page bench-editor bench-throughput

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
	@if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then $(MAKE) check-page; \
	else echo "Left out: the page's scripts (ESLint, tsc, node --test) need Node 20 or newer."; fi

check-page: node_modules/.package-lock.json
	npm run --silent check
	npm test --silent

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund

bench-editor: setup
	$(BIN)/python benchmarks/editor.py $(ARGS)

bench-throughput: setup
	$(BIN)/python -m benchmarks.throughput $(ARGS)
