# The commands of the project. Each sets up what it needs by itself: Python 3.11 or newer with venv, make and git
# are enough; neither root nor a compiler.

VENV := .venv
PYTHON_RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
CWT_INSTALLED := .venv-cwt/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check bench lab fuzz image fetch format lock clean distclean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED)  ## days of trade at one shop, end to end; pictures and reports in demo-out/
	$(PYTHON_RUN) -m firmware.demo

# What the pure core is proven by: traced, for every branch of it must run. The rest is half as long untraced, and
# waits for processes, ports and browsers: hence more of it at once.
CORE_TESTS := tests/sync/wire tests/vectors/test_corpus_oracle.py tests/sync/central/mailing \
	$(patsubst %,tests/sync/central/chains/test_%.py,checking exchange verification verification_reversals) \
	tests/sync/central/reports/test_inspection.py \
	$(patsubst %,tests/firmware/test_%.py,authorizer basket entitlements reversals)

test: $(INSTALLED)  ## all checks and all tests
	@$(MAKE) --no-print-directory -j 2 check $(CWT_INSTALLED)
	$(PYTHON_RUN) -m pytest -n 2 --dist loadfile --cov --cov-report=term-missing:skip-covered $(CORE_TESTS)
	$(PYTHON_RUN) -m pytest -n 4 --dist loadfile $(CORE_TESTS:%=--ignore=%)

check: $(INSTALLED)  ## linters, types and import contracts only
	@.ci/check

bench: $(INSTALLED)  ## the figures, as a table and in bench-out/bench.json
	$(PYTHON_RUN) -m tests.benchmarks

lab: $(INSTALLED)  ## real kernel drivers, in a Debian guest; says what to install where QEMU is missing
	LAB=$(or $(LAB),whole) nice $(PYTHON_RUN) -m pytest tests/hardware -m lab

fuzz: $(INSTALLED)  ## look for bytes that break a decoder; SECONDS=n for each
	nice $(PYTHON_RUN) -m tests.fuzz --seconds $(or $(SECONDS),5)

image: $(INSTALLED)  ## the card's image in image-out/: .img.xz, block map, hashes, bill of materials, update; KEY=FILE signs
	PYTHONPATH=image-build nice $(PYTHON_RUN) -m image build $(if $(KEY),--key $(KEY)) $(if $(RAW),--raw)

fetch: $(INSTALLED)  ## only bring the packages here that the image is made of
	PYTHONPATH=image-build $(PYTHON_RUN) -m image fetch

format: $(INSTALLED)  ## bring all files into the one format
	$(VENV)/bin/ruff check --fix-only --unsafe-fixes --select I,TC,D2 --quiet .
	$(VENV)/bin/ruff format .

lock: $(INSTALLED)  ## pin every library anew from pyproject.toml (needs uv)
	@.ci/lock

clean:  ## remove what the commands made
	rm -rf demo-out bench-out image-out .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

distclean: clean  ## also remove the environments
	rm -rf $(VENV) .venv-cwt

$(INSTALLED): pyproject.toml .ci/requirements.lock
	@.ci/install

$(CWT_INSTALLED): .ci/cwt.lock
	@.ci/install-cwt
