# `make` alone lists what there is to do.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help pipeline test lint benchmark clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements-dev.txt)"; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements-dev.txt --editable .
	@touch $@

pipeline: $(READY) ## Run azure-pipelines.yml on this machine, against a fresh embedded Snowflake account
	@$(BIN)/python -m mlops_local run azure-pipelines.yml

test: $(READY) ## Run all tests; WITHOUT=browser leaves out those that need Chromium
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(if $(WITHOUT),-m "not $(WITHOUT)")

lint: $(READY) ## ruff, mypy, import contracts, YAML, and the pipeline itself
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/yamllint --strict azure-pipelines.yml pipelines templates
	@for file in azure-pipelines.yml pipelines/*.yml; do \
		case $$file in */rollback.yml) given='--set reason=lint';; *) given=;; esac; \
		$(BIN)/python -m mlops_local expand $$file $$given > /dev/null || exit; \
	done

benchmark: $(READY) ## Measure where the time goes, and what is claimed about speed
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement benchmarks/requirements.txt
	@$(BIN)/python -m benchmarks.latency
	@$(BIN)/python -m benchmarks.model_run
	@$(BIN)/python -m benchmarks.bulk
	@$(BIN)/python -m benchmarks.expand
	@$(BIN)/python -m benchmarks.steps
	@$(BIN)/python -m benchmarks.pipeline_time
	@$(BIN)/python -m benchmarks.apply
	@$(BIN)/python -m benchmarks.features

clean: ## Remove the environment, caches and what runs have left
	rm -rf $(VENV) .local out .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
