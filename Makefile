PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --constraint constraints.txt

.PHONY: help demo test test-fast lint format bench calibrate soak screenshots clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV): once, some minutes, 1.4 GB there, of which torch is the most ..."
	$(PIP) torch==2.13.0
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) --editable '.[dev]'
	@touch $@

demo: $(VENV)/.run  ## set up, train, judge: opens the console on a terminal
	@$(BIN)/ppo-console demo

test: $(VENV)/.dev  ## all tests, the slow ones too
	$(BIN)/python -m pytest -n 2

test-fast: $(VENV)/.dev  ## without the slow tests
	$(BIN)/python -m pytest -n 2 -m "not slow"

lint: $(VENV)/.dev  ## ruff, mypy strict, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.run  ## measure against Textual, toolong and stock SB3 (BENCH=--quick)
	$(BIN)/python -m benchmarks $(BENCH)

calibrate: $(VENV)/.run  ## how often the gates are wrong (CALIBRATE=--quick)
	$(BIN)/ppo-console calibrate --markets 300 --out docs/calibration $(CALIBRATE)

soak: $(VENV)/.run  ## a week of a run in ten minutes (SOAK="--minutes 1")
	$(BIN)/python -m benchmarks.soak $(SOAK)

screenshots: $(VENV)/.run  ## draw docs/screenshots again, on runs made afresh
	folder=$$(mktemp -d /tmp/XXXXX); trap 'rm -rf "$$folder"' EXIT; \
	$(BIN)/ppo-console demo $$folder --headless && $(BIN)/python docs/screenshots/make.py $$folder

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
