# Everything a person or CI does here. A fresh Debian 12 needs: python3 python3-venv git make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet


.PHONY: demo up test test-postgresql check format lint types contracts sizes migrations expect bench clean-demo

demo: $(VENV)/.kernels ## start the whole product with the demo network at work
	$(BIN)/ringfence up --demo --data demo-data

up: $(VENV)/.kernels ## start the same product for real traffic, on its own data folder
	$(BIN)/ringfence up --data data

test: $(VENV)/.development $(VENV)/.kernels ## run the tests; what needs a program this machine lacks is skipped with the reason
	$(BIN)/pytest -n auto -q

check: lint types contracts sizes migrations test test-postgresql ## what CI runs

test-postgresql: $(VENV)/.development ## the desk's tests on PostgreSQL instead of SQLite
	.ci/with-postgresql $(BIN)/pytest -q tests/unit/desk

format: $(VENV)/.development
	$(BIN)/ruff check --fix src tests bench && $(BIN)/ruff format src tests bench
	$(BIN)/djlint --reformat --quiet src || true

lint: $(VENV)/.development
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/djlint --lint --quiet src

types: $(VENV)/.development
	$(BIN)/mypy

contracts: $(VENV)/.development
	$(BIN)/lint-imports

sizes: $(VENV)/.development
	$(BIN)/python .ci/sizes.py src tests bench

migrations: $(VENV)/.development
	$(BIN)/python -m django makemigrations --check --dry-run --settings ringfence.desk.site.settings

expect: $(VENV)/.development ## rewrite the expected files; review the difference like code
	RINGFENCE_EXPECT=1 $(BIN)/pytest -q tests/unit tests/replay

bench: $(VENV)/.development ## measure; see bench/README.md
	$(BIN)/python -m bench

clean-demo:
	rm -rf demo-data

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml
	$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

# Numba compiles a kernel at its first call and keeps the code: here once, so that nothing waits for it when it starts.
$(VENV)/.kernels: $(VENV)/.runtime $(wildcard src/ringfence/watch/kernels/*.py)
	@echo "compiling what counts and reads traffic: once, about half a minute"
	@$(BIN)/ringfence scan examples/captures examples/records.csv --html $@.html >/dev/null 2>&1; test $$? -le 1
	@rm -f $@.html
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	touch $@
