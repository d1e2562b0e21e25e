# `make` alone lists the targets. Every target works on a fresh clone.
.DEFAULT_GOAL := help
.PHONY: help setup demo test fast lint types imports fix migrate migration bench crash shell lock vendor checks sure
BIN := .venv/bin

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## create .venv with everything for development
	@scripts/environment requirements-dev.txt

demo: ## a believable shop with the WeChat sandbox, on this machine (Ctrl-C stops it)
	@scripts/environment requirements.txt
	@$(BIN)/python -m fenxiao demo $(ARGS)

# Three at once on two cores: one of them mostly waits, for a browser, a worker or a clock.
test: setup ## every test: SQLite, PostgreSQL and a real browser
	@$(BIN)/python -m pytest -n 3 $(ARGS)

fast: setup ## the tests that take seconds
	@$(BIN)/python -m pytest -q -n 2 -m "not slow and not journey" $(ARGS)

lint: setup ## style, names and sizes
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup ## mypy --strict, tests included
	@$(BIN)/mypy

imports: setup ## the directions of imports between rooms
	@$(BIN)/lint-imports

fix: setup ## let the formatter and the linter mend what they can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

migrate: setup ## bring the configured database to the newest schema
	@$(BIN)/python -m fenxiao migrate

migration: setup ## write the next migration from the models: NAME="what changes"
	@$(BIN)/python -m scripts.migration $(if $(FIRST),--first,"$(NAME)")

bench: setup ## medians, with the ratio to a limit measured in the same run
	@$(BIN)/python -m bench $(ARGS)

crash: setup ## kill the process at every statement and call of a day (10 minutes; ARGS=--go-on)
	@CRASH_PEOPLE=2000 $(BIN)/python -m pytest -q tests/jobs/test_crash.py
	@$(BIN)/python -m tests.crash --jobs 2 $(ARGS)

shell: setup ## a Python prompt with the models and a session factory
	@$(BIN)/python -m scripts.shell

lock: setup ## pin requirements*.in into requirements*.txt, with hashes and without URLs
	@scripts/lock

vendor: ## fetch the front-end files named in static/vendor/manifest.json and check them
	@scripts/environment requirements.txt
	@$(BIN)/python -m scripts.vendor

checks: lint types imports ## every check but the tests

sure: checks test ## every check
