# Set-up, demo and tests. Every target makes its own environment first; nothing else has to be installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENGINE_ENV := $(or $(MLC_ENGINE_HOME),/var/lib/mlc-engine)/env.sh

.PHONY: demo test test-large lint types unit engine engine-down bench bench-engine bench-by-hand goldens clean
.DEFAULT_GOAL := test

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "this Python cannot make virtual environments: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.all: $(BIN)/python pyproject.toml
	@echo "installing mlcontainers into $(VENV)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

$(VENV)/.dev: $(VENV)/.all
	@echo "installing what the tests need into $(VENV)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,dev]'
	@touch $@

demo: $(VENV)/.all  ## plan and render an image with PyTorch on CUDA; with an engine also build and ask a service
	@$(BIN)/python tasks/demo.py

test: lint types unit  ## everything; tests of the engine use the one that answers (make engine brings one up)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/pyright

unit: $(VENV)/.dev
	$(BIN)/pytest

test-large: $(VENV)/.dev  ## images with CUDA, and each framework at two releases: an engine, an hour, 40 GB of disk
	$(BIN)/pytest --large -v tests/examples tests/engines/test_conda.py

engine:  ## a Docker engine from Debian packages alone (Debian 12, root)
	@tests/engine/up.sh
	@echo "to use it in this shell: . $(ENGINE_ENV)"

engine-down:  ## stop what `make engine` started
	@tests/engine/down.sh

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,dev,bench]'
	@touch $@

bench: $(VENV)/.bench  ## ratios against peers in the same run
	$(BIN)/python benchmarks/planning.py
	$(BIN)/python benchmarks/dockerfiles.py

bench-engine: $(VENV)/.dev  ## on the engine that answers: builds against the builder itself
	$(BIN)/python benchmarks/builds.py
	$(BIN)/python benchmarks/baking.py

bench-by-hand: $(VENV)/.dev  ## builds beside Dockerfiles by hand; empties the build cache of the engine that answers
	$(BIN)/python benchmarks/building.py --empty-the-cache --naive
	$(BIN)/python benchmarks/building.py --empty-the-cache --no-bytecode

goldens: $(VENV)/.dev  ## write the expected files of tests/cases and the schema again; review the diff
	$(BIN)/pytest -q -k "equals_the_file or published_schema" --write-goldens tests/cases tests/image tests/dockerfile tests/planners

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
