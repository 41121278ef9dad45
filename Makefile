# Every target is a line or two. `make help` lists them.
SHELL := /bin/bash
# The cluster must be up before its images are loaded, also with -j.
.NOTPARALLEL:
.SHELLFLAGS := -euo pipefail -c
export HOME := $(or $(HOME),$(shell echo ~))
CACHE ?= $(HOME)/.cache/plumbline
$(if $(word 2,$(CACHE)),$(error CACHE is '$(CACHE)': use a path without spaces, such as make CACHE=/var/cache/plumbline))
override CACHE := $(abspath $(CACHE))
CLUSTER ?= $(shell hack/cluster default)
export PLUMBLINE_CACHE := $(CACHE)
export CLUSTER
# Keep compiled modules: otherwise hundreds of test processes would each compile them again.
export PYTHONDONTWRITEBYTECODE :=
UV := $(CACHE)/uv/bin/uv
VENV := .venv
PY := $(VENV)/bin/python
# Runs a command with the kubeconfig of the chosen cluster; bash 3.2 of macOS cannot source <().
IN_CLUSTER := env=$$(hack/cluster env) && eval "$$env" &&

.DEFAULT_GOAL := help
.PHONY: help install fmt lint generate verify lock unit images cluster deploy test demo perf down mutants prove clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(UV):
	@python3 -m venv $(CACHE)/uv && $(CACHE)/uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

$(VENV)/.stamp: requirements/dev.txt pyproject.toml | $(UV)
	@echo "Installing the Python environment .venv with locked versions."
	@$(UV) venv --quiet --allow-existing --python 3.11 $(VENV)
	@$(UV) pip sync --quiet --compile-bytecode --python $(PY) --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $@

install: $(VENV)/.stamp ## Create the virtual environment .venv with locked versions

lock: | $(UV) ## Update the locked versions of all dependencies
	@hack/lock $(UV)

fmt: install ## Format the code
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

lint: install ## Check style, types, import rules and spelling
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(VENV)/bin/yamllint -s .
	@$(VENV)/bin/codespell

generate: install ## Write CRDs, RBAC, chart schema, install.yaml and the API reference
	@$(PY) -m hack.generate $(if $(wildcard $(CACHE)/bin/helm),--helm $(CACHE)/bin/helm)

verify: generate ## Fail if a generated file differs from the committed one
	@git diff --exit-code -- crds charts manifests docs/reference && test -z "$$(git status --porcelain -- crds charts manifests docs/reference)"

unit: install ## Run the tests that need no cluster
	@$(VENV)/bin/pytest -q -n auto --dist worksteal -m "not cluster and not prove"

cluster: install ## Start the cluster that CLUSTER names (testbed, kind or context)
	@hack/cluster up

images: install ## Build the three images and load them into the cluster
	@hack/cluster images

deploy: cluster images ## Install the chart on the cluster
	@hack/cluster deploy

test: lint verify unit deploy ## Run every test, including those on a real cluster
	@$(IN_CLUSTER) $(VENV)/bin/pytest -q -m "cluster and not prove"

demo: deploy ## Run the demo: the complete loop on a real cluster with real flights
	@$(IN_CLUSTER) $(PY) -m demo

prove: deploy ## Run the long tests, on a real cluster, and mutants
	@$(IN_CLUSTER) $(VENV)/bin/pytest -q -m "prove or hypothesis" --hypothesis-profile=prove
	@$(PY) -m tests.mutants

mutants: install ## Mutation tests: make small changes in the code; the tests must notice 90 % of them
	@$(PY) -m tests.mutants $(ARGS)

perf: install ## Run all benchmarks, or one with NAME=control_plane
	@python3 hack/testbed prepare && $(PY) -m tests.perf $(NAME)

down: ## Remove the cluster and all its traces
	@hack/cluster down

clean: down ## Remove all clusters, the cache and .venv
	@[ ! -d $(CACHE)/state ] || python3 hack/testbed down --all
	@rm -rf $(CACHE) $(VENV)
