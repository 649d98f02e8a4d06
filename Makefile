# What a person types. Works on a machine with nothing but python3 (3.11 or later) and make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
# Tests at once. Most of them wait for brokers, so more than there are cores; JOBS=0 runs them in one process.
JOBS ?= 4
BIN := .venv/bin
STAMP := .venv/.slawatch-is-set-up
UV := $(BIN)/uv pip
COMPILE := $(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

.PHONY: help setup test faults faults-short check audit sbom format demo kafka bench sim mutants recount dashboards lock kafka-lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## make .venv from the lock files, with .venv/bin/slawatch in it
	@echo "Ready: $(BIN)/slawatch"

$(STAMP): requirements-uv.lock requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "slawatch needs Python 3.11 or later; try: make setup PYTHON=python3.11")'
	@echo "1/4  an environment of its own in .venv"
	@$(PYTHON) -m venv .venv || { echo "python3 cannot make an environment; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "2/4  uv, which installs the rest (hash-checked)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@echo "3/4  exactly the packages of requirements-dev.lock (hash-checked)"
	@$(UV) sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock
	@echo "4/4  slawatch itself, from this folder"
	@$(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

test: $(STAMP)  ## run every test that this machine can run; with CI=true nothing may be left out
	@for tool in java mvn; do command -v $$tool > /dev/null \
	  || echo "No $$tool here: the tests on a real Kafka (marker: kafka) are left out unless its jars are cached or SLAWATCH_KAFKA_BOOTSTRAP is set; they fetch and run it."; done
	@echo "The fault runs are a target of their own: make faults"
	@$(BIN)/pytest --ignore=tests/faults --numprocesses=$(JOBS) --dist=worksteal $(ARGS)

faults-short: $(STAMP)  ## the part of the fault runs that CI goes through, some five minutes
	@$(BIN)/pytest $(addprefix tests/faults/test_,kills.py zombies.py changelog.py source_loss.py poison.py compression.py) $(ARGS)

faults: $(STAMP)  ## fault runs with real processes on real Kafka, about a quarter of an hour; an hour with SLAWATCH_FAULTS=full
	@$(BIN)/pytest tests/faults $(ARGS)

sim: $(STAMP)  ## live through simulated worlds of faults (SIM_SEEDS=2000 SIM_BASE=0), or tell one of them: SEED=7
	@$(BIN)/python -m tests.simulation $(SEED)

mutants: $(STAMP)  ## sow bugs into the product, one at a time: the simulation must find every one
	@$(BIN)/python -m tests.simulation.try_mutants $(ARGS)

recount: $(STAMP)  ## count article 12 again over incidents drawn at random: ARGS="--incidents 100000 --seed 12"
	@$(BIN)/python -m tests.recount $(ARGS)

check: $(STAMP)  ## format, lint, types, import contracts; changes nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

audit: $(STAMP)  ## known vulnerabilities of what runs (asks the public advisories), and careless code of our own
	@$(BIN)/bandit --quiet --severity-level medium --recursive agents alerting cli sla streams
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

sbom: $(STAMP)  ## the bill of materials of what runs, CycloneDX, in build/sbom.json
	@mkdir -p build
	@$(BIN)/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml -o build/sbom.json requirements.lock
	@echo "build/sbom.json"

format: $(STAMP)  ## put every file into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

demo: $(STAMP)  ## see it run: everything in one process tree, nothing else needed
	@$(BIN)/slawatch demo

kafka: $(STAMP)  ## a real Kafka on 127.0.0.1:9092 until Ctrl-C (needs Java 17 and Maven, no Docker)
	@$(BIN)/python -m streams.brokers.local

bench: $(STAMP) .venv-bench/.is-set-up  ## measure it beside others on a real Kafka; BENCH_SIZE=small BENCH_RUNS=1 tries it
	@$(BIN)/python -m bench.run $(ARGS)

# The engines that are compared, apart from the product's environment. uv's environments ignore themselves in git.
.venv-bench/.is-set-up: bench/requirements.lock $(STAMP)
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-bench
	@$(UV) sync --quiet --python .venv-bench/bin/python --require-hashes bench/requirements.lock
	@touch $@

dashboards: $(STAMP)  ## write deploy/grafana/dashboards/*.json anew from the Python beside them
	@$(BIN)/python -m deploy.grafana

lock: $(STAMP)  ## bring the lock files in line with pyproject.toml (LOCK_ARGS=--upgrade for newer releases)
	@$(COMPILE) $(LOCK_ARGS) pyproject.toml -o requirements.lock
	@$(COMPILE) $(LOCK_ARGS) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	@echo "uv==$$($(BIN)/uv --version | cut -d' ' -f2)" | $(COMPILE) --no-annotate - -o requirements-uv.lock

kafka-lock:  ## write down the digests of the jars that deploy/kafka/pom.xml resolves to
	@rm -rf .cache/kafka/lock-*; mkdir -p .cache/kafka
	@mvn -B -ntp -q -f deploy/kafka/pom.xml dependency:copy-dependencies \
	  -DoutputDirectory="$$PWD/.cache/kafka/lock-jars" -DincludeScope=runtime
	@cd .cache/kafka/lock-jars && LC_ALL=C sha256sum *.jar > ../../../deploy/kafka/jars.lock
	@rm -rf .cache/kafka/lock-jars

clean:  ## remove the environment, Kafka's jars and what tools left behind
	@rm -rf .venv .cache build ./*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
