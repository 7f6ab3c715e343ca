.DEFAULT_GOAL := help
.PHONY: help setup demo sandbox test chaos isolation privileges check clean

PYTHON := .venv/bin/python
export SAM_CLI_TELEMETRY := 0

help: ## show what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "make %-9s %s\n", $$1, $$2}'

setup: .venv/ready ## install everything into .venv (the other targets do it by themselves)

.venv/ready: requirements-dev.txt scripts/setup.sh
	sh scripts/setup.sh

demo: .venv/ready ## run the main job for real: emulated AWS, real Terraform, Discord's stand-in
	$(PYTHON) -m sandbox demo

sandbox: .venv/ready ## leave the same stack running; type commands with: .venv/bin/python -m sandbox send …
	$(PYTHON) -m sandbox up

test: .venv/ready ## all tests: unit, infrastructure, integration, end to end
	$(PYTHON) -m pytest -n 2

chaos: .venv/ready ## kill things at random while deploying, N=100 times, and see that nothing is lost or doubled
	$(PYTHON) -m sandbox chaos --rounds $(or $(N),100) $(if $(SEED),--seed $(SEED))

privileges: .venv/ready ## take every right from every function in turn, and see a story fail
	PRIVILEGES=all $(PYTHON) -m pytest -q tests/privileges/test_privileges.py

isolation: .venv/ready ## hostile builds of one guild try to reach another guild; everything must be refused (as root)
	$(PYTHON) -m sandbox isolation

check: .venv/ready ## ruff, mypy, the template's lint, the import rule
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy layers/core/python/chatops
	.venv/bin/mypy -p functions -p sandbox -p runner
	.venv/bin/sam validate --lint --region us-east-1
	$(PYTHON) -m pytest -q tests/infrastructure

clean: ## remove what was installed and built
	rm -rf .venv .sandbox .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
