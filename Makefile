# Thin: every target is a line or two. `make help` lists them.
SHELL := /bin/bash
# The cluster is there before its images are: with -j, too.
.NOTPARALLEL:
.SHELLFLAGS := -euo pipefail -c
export HOME := $(or $(HOME),$(shell echo ~))
CACHE ?= $(HOME)/.cache/plumbline
$(if $(word 2,$(CACHE)),$(error CACHE is '$(CACHE)': choose a path without spaces, such as make CACHE=/var/cache/plumbline))
override CACHE := $(abspath $(CACHE))
CLUSTER ?= $(shell hack/cluster default)
export PLUMBLINE_CACHE := $(CACHE)
export CLUSTER
# Hundreds of processes that compile each module anew would be most of what the tests cost.
export PYTHONDONTWRITEBYTECODE :=
UV := $(CACHE)/uv/bin/uv
VENV := .venv
PY := $(VENV)/bin/python
# What runs against the cluster and no other; bash 3.2 of macOS sources nothing from <().
IN_CLUSTER := env=$$(hack/cluster env) && eval "$$env" &&

.DEFAULT_GOAL := help
.PHONY: help install fmt lint generate verify lock unit images cluster deploy test demo perf down prove clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(UV):
	@python3 -m venv $(CACHE)/uv && $(CACHE)/uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

$(VENV)/.stamp: requirements/dev.txt | $(UV)
	@echo "installing the locked Python environment"
	@$(UV) venv --quiet --allow-existing --python 3.11 $(VENV)
	@$(UV) pip sync --quiet --compile-bytecode --python $(PY) --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $@

install: $(VENV)/.stamp ## Install the locked virtual environment

lock: | $(UV) ## Resolve the dependencies anew
	@hack/lock $(UV)

fmt: install ## Format the code
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

lint: install ## Check style, types and import rules
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(VENV)/bin/yamllint -s .
	@$(VENV)/bin/codespell

generate: install ## Write CRDs, RBAC, chart schema, install.yaml and the API reference
	@$(PY) -m hack.generate $(if $(wildcard $(CACHE)/bin/helm),--helm $(CACHE)/bin/helm)

verify: generate ## Fail when a generated file differs from what is committed
	@git diff --exit-code -- crds charts manifests docs/reference && test -z "$$(git status --porcelain -- crds charts manifests docs/reference)"

unit: install ## Run the tests that need no cluster
	@$(VENV)/bin/pytest -q -n auto --dist worksteal -m "not cluster and not prove"

cluster: install ## Bring up the cluster that CLUSTER names (testbed, kind or context)
	@hack/cluster up

images: install ## Build the three images and load them into the cluster
	@hack/cluster images

deploy: cluster images ## Install the chart on the cluster
	@hack/cluster deploy

test: lint verify unit deploy ## Run every test, the real cluster included
	@$(IN_CLUSTER) $(VENV)/bin/pytest -q -m "cluster and not prove"

demo: deploy ## Run the whole story on a real cluster with real flights
	@$(IN_CLUSTER) $(PY) -m demo

prove: deploy ## Run the long evidence on a real cluster
	@$(IN_CLUSTER) $(VENV)/bin/pytest -q -m "prove or hypothesis" --hypothesis-profile=prove

perf: install ## Run the benches; NAME=control_plane runs one
	@python3 hack/testbed prepare && $(PY) -m tests.perf $(NAME)

down: ## Remove every trace of the cluster
	@hack/cluster down

clean: down ## Remove every cluster of the cache, and the caches
	@[ ! -d $(CACHE)/state ] || python3 hack/testbed down --all
	@rm -rf $(CACHE) $(VENV)
