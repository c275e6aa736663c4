# Needs git, make and a Python from 3.11 on; everything else comes into .venv, from the lock in requirements/.
#
#   make run ARGS=chatwoot      one vendor              make test PYTHON=python3.12     another Python
#   make test ARGS='-k cassette'  some tests            make test VENV=.venv312         another environment
#   make test JOBS=8            more workers

VENV ?= .venv
export VENV
unexport PYTHONPATH PYTHONHOME

.PHONY: help run test bench lock clean
.NOTPARALLEL:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

run: ## Replay every contract and write reports/
	@scripts/setup run
	@"$(VENV)/bin/provendor" prove $(ARGS)

test: ## Check style and types, run all tests and every contract
	@scripts/check $(ARGS)

bench: ## Measure replay against bare pytest and hand-written tests
	@scripts/setup dev
	@"$(VENV)/bin/python" benchmarks/replay.py $(ARGS)

lock: ## Bring every locked dependency to its newest version
	@scripts/lock --upgrade

clean: ## Remove the environment, caches and reports
	@rm -rf "$(VENV)" "$(VENV).lock" "$(VENV).lock.old" .mypy_cache .pytest_cache .ruff_cache .hypothesis .provendor
	@find reports -mindepth 1 ! -name README.md -exec rm -rf {} +
	@find src tests checks benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
