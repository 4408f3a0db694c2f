# `make run` and `make test` need Python 3.11 or newer and nothing else.
# PYTHON=... names an interpreter; HOST, PORT and DATABASE_URL reach the service as they are.
# ARGS=... is handed on: make test ARGS="tests/test_trends.py -k improving"

MAKEFLAGS += --no-print-directory --no-builtin-rules
PY := .venv/bin/python
UV ?= uv
COMPILE := $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command "make lock"

.PHONY: run test check fix lock clean bench detection crash openapi .venv

run: .venv ## the service on http://127.0.0.1:8000, with a database and a demo of its own
	@exec $(PY) -m app.cli.dev $(ARGS)

test: .venv ## all tests, on a real Postgres
	@exec $(PY) -m pytest $(ARGS)

check: .venv ## style, types, and who may import whom
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy
	@.venv/bin/lint-imports

fix: .venv ## what ruff can mend by itself
	@$(PY) -m ruff check --fix
	@$(PY) -m ruff format

lock: ## pin again what pyproject.toml asks for; ARGS=--upgrade takes newer versions
	@command -v $(UV) >/dev/null || { echo "rapport: make lock needs uv (pip install uv)" >&2; exit 1; }
	@$(COMPILE) --output-file requirements.txt $(ARGS)
	@$(COMPILE) --output-file requirements-dev.txt --extra dev --constraint requirements.txt $(ARGS)
	@$(COMPILE) --output-file requirements-bench.txt --extra bench --constraint requirements.txt $(ARGS)

bench: .venv ## how fast it is here
	@exec $(PY) -m bench $(ARGS)

detection: .venv ## what the detector of drops finds in simulation (about 20 minutes); writes its page
	@$(PY) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
		--require-hashes --only-binary=:all: --requirement requirements-bench.txt
	@exec $(PY) -m bench.detection $(ARGS)

crash: .venv ## kill what can be killed, and count what was lost (at most 30 minutes)
	@exec $(PY) -m bench.crash $(ARGS)

openapi: .venv ## write the contract anew from the code
	@exec .venv/bin/rapport openapi $(ARGS)

clean: ## everything `make` made, except the data in .rapport
	@rm -rf .venv *.egg-info build .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv:
	@.ci/bootstrap
