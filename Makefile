# `make run` starts Upstand, `make test` tests it. Both build .venv first; nothing else is needed but Python 3.11+.
PYTHON ?= python3
PY := .venv/bin/python
CODE := analysis benchmarks dashboard firmware_bridge hardware tests upstand

.PHONY: run test recordings check bench format lock clean

run: .venv/installed
	$(PY) -m upstand run

test: .venv/tested
	$(PY) -m pytest -m "not long" $(PYTEST)

# All 22 recorded people through the whole system; needs the recordings in $$UPSTAND_SHARED (default ../shared).
recordings: .venv/tested
	$(PY) -m pytest -m long $(PYTEST)

check: .venv/tested
	$(PY) -m ruff check $(CODE)
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: .venv/measured
	$(PY) -m benchmarks

format: .venv/tested
	$(PY) -m ruff check --fix $(CODE)
	$(PY) -m ruff format $(CODE)

# Every package is pinned by name, version and hash; the project itself comes from this folder.
.venv/installed: constraints.txt constraints-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Upstand needs Python 3.11 or newer; set PYTHON=/path/to/python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/tested: .venv/installed
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-dev.txt
	touch $@

.venv/measured: .venv/tested constraints-bench.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-bench.txt
	touch $@

# Needs uv; resolves for Linux, macOS and Windows, x86-64 and ARM64, in one file each: what runs, what tests, what measures.
LOCK := uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --no-emit-index-url
lock:
	$(LOCK) --group build -o constraints.txt pyproject.toml
	$(LOCK) --group dev -c constraints.txt -o constraints-dev.txt pyproject.toml
	$(LOCK) --group dev --group bench -c constraints-dev.txt -o constraints-bench.txt pyproject.toml

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
