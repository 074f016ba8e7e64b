# What a newcomer types. Everything lands in .venv, .cache, .azlocal and build beside this file.
PYTHON ?= python3
ENV ?= dev
BIN := .venv/bin
JOBS ?= 2
# Nothing is asked of HOME: every cache has its place here.
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
export MPLCONFIGDIR ?= $(CURDIR)/.cache/matplotlib
export XDG_CACHE_HOME ?= $(CURDIR)/.cache/xdg
export AZURE_CONFIG_DIR ?= $(CURDIR)/.cache/azure
export PYTHONDONTWRITEBYTECODE =
.DEFAULT_GOAL := help
.PHONY: help setup up down test test-long test-kubernetes test-workflows cluster cluster-down plan picture policy-page \
	policy-pack checkov lint lint-workflows format bench locks clean

help: ## this text
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## bring everything needed into .venv and .cache (the other targets do it themselves)
	@$(PYTHON) tools/bootstrap.py

up: setup ## the architecture on the local Azure, a model trained, deployed blue, switched to green, answering
	@$(BIN)/python tools/up.py

down: setup ## stop the local Azure; its state stays
	@$(BIN)/azlocal stop

test: setup ## everything proven: seconds and minutes tiers, in random order and in parallel
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not kubernetes and not go and not long"

test-long: setup ## what takes longest: seeded mistakes in blocks, correct variations, workflows' scripts, all environments
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m long tests/e2e tests/plan tests/workflows

test-kubernetes: setup ## the tier that needs a real cluster: KUBECONFIG's, or that of `make cluster` for the while
	@$(BIN)/python -m tools.cluster run $(BIN)/python -m pytest -m kubernetes tests/e2e

test-workflows: setup ## the tier that needs Go: what actionlint says of the workflows
	@$(BIN)/python -m pytest -m go tests/workflows

cluster: setup ## a real Kubernetes control plane without nodes, built from Go modules once (needs go and etcd)
	@$(BIN)/python -m tools.cluster start

cluster-down: setup ## stop that control plane; what it holds goes with it
	@$(BIN)/python -m tools.cluster stop

plan: setup ## what ENV (default dev) would create, and what Azure would refuse
	@$(BIN)/azlocal plan $(ENV)

picture: setup ## draw the architecture of prod anew for the README
	@$(BIN)/azlocal plan prod --graph docs/images/architecture.svg

policy-page: setup ## write docs/policy.md anew: the rules, where they hold, what is exempt
	@$(BIN)/python -m tools.policy_page

policy-pack: setup ## what `pulumi up --policy-pack infra/policy` needs: an environment of its own in .cache
	@$(BIN)/python -m tools.policy_pack

checkov: setup ## a second opinion: what checkov finds in ENV (try prod), beside where it is wrong itself
	@$(BIN)/python -m tools.second_opinion $(ENV)

lint: setup ## ruff, mypy in strict mode, the one rule, and zizmor over the workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/zizmor --offline --pedantic --no-progress --quiet .github

lint-workflows: setup ## actionlint over the workflows, built from its Go module once (needs go), and zizmor
	@$(BIN)/python -m tools.workflows

format: setup ## let ruff mend what it can
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

bench: setup ## measure every figure the README claims
	@$(BIN)/python -m benchmarks

locks: setup ## resolve the lock files anew
	@$(BIN)/python tools/lock.py

clean: ## stop what runs and remove everything that make made
	@test ! -x $(BIN)/azlocal || $(BIN)/azlocal stop
	@test ! -d .cache/cluster || $(BIN)/python -m tools.cluster stop
	@rm -rf .venv .cache .azlocal build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
