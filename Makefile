# `make run` starts Upstand, `make test` tests it. Both build .venv first; nothing else is needed but Python 3.11+.
PYTHON ?= python3
PY := .venv/bin/python
CODE := analysis benchmarks dashboard firmware_bridge hardware tests upstand

.PHONY: run test recordings bluez check bench hardware format lock clean

run: .venv/installed
	$(PY) -m upstand run

test: .venv/tested
	$(PY) -m pytest -n auto --dist worksteal -m "not long and not bluez" $(PYTEST)

# What takes minutes: all 22 recorded people through the whole system, a whole simulated day; needs the recordings in $$UPSTAND_SHARED (default ../shared).
# Side by side, the longest from the first moment on: they mostly wait, and each has ports, a broker and a store of its own.
recordings: .venv/tested
	$(PY) -m pytest -n 4 -m long $(PYTEST)

# Against the real BlueZ, in a throw-away Linux where $$UPSTAND_SHARED (default ../shared) has one, else on this computer.
bluez: .venv/tested
	tests/bluez/run $(PY) -m pytest tests/bluez $(PYTEST)

check: .venv/tested
	$(PY) -m ruff check $(CODE)
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: .venv/measured
	$(PY) -m benchmarks

# The printed clip, checked, as STL and STEP with pictures and drawings, and the firmware compiled, in build/hardware.
hardware: .venv-hardware/installed
	.venv-hardware/bin/python -m hardware build/hardware

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

# A gigabyte of geometry that nothing else needs, so it has an environment of its own.
.venv-hardware/installed: constraints-hardware.txt
	$(PYTHON) -m venv .venv-hardware
	.venv-hardware/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-hardware.txt
	touch $@

# Needs uv; resolves for Linux, macOS and Windows, x86-64 and ARM64, in one file each: what runs, what tests, what measures.
LOCK := uv pip compile --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --no-emit-index-url
lock:
	$(LOCK) --group build -o constraints.txt pyproject.toml
	$(LOCK) --group dev -c constraints.txt -o constraints-dev.txt pyproject.toml
	$(LOCK) --group dev --group bench -c constraints-dev.txt -o constraints-bench.txt pyproject.toml
	$(LOCK) --group hardware -c constraints-dev.txt -o constraints-hardware.txt

clean:
	rm -rf .venv .venv-hardware build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
