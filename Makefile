# `make help` lists the verbs. Each sets up what it needs by itself, in .venv and .cache.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory --no-builtin-rules
export PIP_DISABLE_PIP_VERSION_CHECK := 1

bin := .venv/bin
python_files := schemas pipeline agents deploy tests
# Suites with a verb of their own. To leave out their folders costs less than to collect them and choose none.
without := $(addprefix --ignore=tests/,faults ingest ops trust web)
# The first of these that is new enough and can make a virtual environment.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null && echo $$each && break; done)

##@ Verbs

.PHONY: demo
demo: .venv/.runtime ## Watch a crisis start, grow and end, on an embedded broker
	@$(bin)/vigie demo

.PHONY: demo-live
demo-live: .venv/.runtime ## The same as posts come: make demo-live ARGS="--source file"; alone it says what each source needs
	@$(bin)/vigie demo-live $(ARGS)

.PHONY: test
test: .venv/.dev ## Run every test that needs no Apache Kafka
	@$(bin)/pytest --broker=embedded $(without) --ignore=tests/deploy --numprocesses=4 --dist=loadscope --no-loadscope-reorder

.PHONY: test-kafka
test-kafka: .venv/.dev ## Run every test that uses a broker, on a real Apache Kafka (needs Java 17 and Maven)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/pytest --broker=kafka -m "broker or kafka" $(without) --ignore=tests/pipeline --numprocesses=3 --dist=loadscope --no-loadscope-reorder

.PHONY: test-ingest
test-ingest: .venv/.dev ## Break the way in on purpose, and count what was sent, stored and told to be missing (as test-kafka)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/pytest --broker=kafka -m ingest --numprocesses=3 --dist=worksteal tests/ingest

.PHONY: test-ingest-full
test-ingest-full: .venv/.dev ## The same with an outage of ten minutes (about a quarter of an hour)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/pytest --broker=kafka -m ingest --numprocesses=3 --dist=worksteal --full tests/ingest

.PHONY: test-ops
test-ops: .venv/.dev ## Play a crisis with real Prometheus and Alertmanager, and draw build/ops/report.html (as test-kafka)
	@tests/ops/install.sh
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/pytest --broker=kafka -m ops tests/ops

.PHONY: test-web
test-web: .venv/.dev ## Look at the report in Chromium, at the width of a desk and of a phone; pictures in build/web
	@tests/web/install.sh
	@$(bin)/pytest -m web tests/web

.PHONY: test-faults
test-faults: .venv/.dev ## Break everything that can break, and count what is lost or doubled (as test-kafka; minutes; PART=1/3: a third)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/pytest --broker=kafka -m faults --numprocesses=3 --dist=loadgroup $(if $(PART),--part=$(PART)) tests/faults

.PHONY: test-faults-full
test-faults-full: .venv/.dev ## The same with every fault many times over (about a quarter of an hour)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/pytest --broker=kafka -m faults --numprocesses=3 --dist=loadgroup --full tests/faults

.PHONY: test-trust
test-trust: .venv/.dev ## Prove deletion, secured connections, hostile input, isolation and the supply chain (as test-kafka)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/pytest --broker=kafka -m trust --numprocesses=4 --dist=loadscope tests/trust

.PHONY: soak
soak: .venv/.dev ## Run at full speed for twenty minutes and watch memory (as test-kafka)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/python -m tests.bench.soak

.PHONY: check
check: check-code check-schemas check-files check-deploy ## Run every check that is not a test

.PHONY: bench
bench: .venv/.dev ## Measure speed, delay and growth beside three other engines, to build/bench (as test-kafka; half an hour)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/python -m tests.bench

.PHONY: bench-quick
bench-quick: .venv/.dev ## The same in five minutes, with wider ranges
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/python -m tests.bench --quick

.PHONY: bench-guard
bench-guard: .venv/.dev ## Fail when a tweet has become dearer, on whatever machine (as test-kafka)
	@$(bin)/python -m tests.brokers.jars
	@$(bin)/python -m tests.bench.guard

.PHONY: bench-text
bench-text: .venv/.dev ## Measure what reading a tweet costs, by stage
	@$(bin)/python -m tests.bench.text

.PHONY: eval
eval: .venv/.dev ## Measure detection beside published rules, and write build/eval/report.html (a quarter of an hour)
	@$(bin)/python -m tests.bench.evaluation

.PHONY: schemas
schemas: .venv/.runtime ## Write schemas/json anew from the event classes
	@$(bin)/python -m schemas.generate

.PHONY: lock
lock: .venv/.dev ## Choose the newest allowed dependencies and pin them with their hashes
	@$(compile) --upgrade --group build --output-file requirements.txt
	@$(compile) --upgrade --group dev --constraints requirements.txt --output-file requirements-dev.txt
	@for peer in quixstreams bytewax; do \
		$(uv_compile) --upgrade $(contenders)/requirements-$$peer.in --output-file $(contenders)/requirements-$$peer.txt || exit 1; \
	done
	@echo "Written: requirements.txt, requirements-dev.txt, $(contenders)/requirements-*.txt"

.PHONY: sbom
sbom: .venv/.dev ## Write build/sbom.cdx.json, and deploy/licences.md anew
	@$(bin)/python -m deploy.supply

.PHONY: audit
audit: .venv/.dev ## Compare what is pinned with known vulnerabilities: make audit ADVISORIES=all.zip (says where to get it)
	@$(bin)/python -m deploy.supply.audit $(ADVISORIES)

.PHONY: clean
clean: ## Remove everything that the other verbs made
	@rm -rf .venv .cache .*_cache .hypothesis build dist *.egg-info tests/asyncapi/node_modules
	@find $(python_files) -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## List the verbs
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

##@ Parts of `make check`

.PHONY: check-code
check-code: .venv/.dev
	$(bin)/ruff check --quiet .
	$(bin)/ruff format --quiet --diff .
	$(bin)/mypy
	$(bin)/lint-imports --no-logo

.PHONY: check-schemas
check-schemas: .venv/.dev
	$(bin)/python -m schemas.generate --check
	@tests/asyncapi/check.sh schemas/asyncapi.yaml

.PHONY: check-files
check-files: .venv/.dev
	@$(bin)/vigie config table | diff --unified deploy/settings.md - || \
		{ echo "deploy/settings.md is stale: vigie config table > deploy/settings.md" >&2; exit 1; }
	$(bin)/python -m deploy.supply --check
	$(bin)/yamllint --strict .
	$(bin)/shellcheck .ci/run $$(find deploy tests -name '*.sh' -not -path '*/node_modules/*')

.PHONY: check-deploy
check-deploy: .venv/.dev
	@tests/ops/install.sh
	$(bin)/python -m deploy.grafana --check
	$(bin)/pytest -q -m "deploy and not broker and not kafka" --numprocesses=2 --dist=worksteal tests/deploy

##@ What the verbs stand on

uv_compile = $(bin)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"
compile = $(uv_compile) pyproject.toml --extra embedded
contenders := tests/bench/contenders

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Vigie needs Python 3.11, 3.12 or 3.13 with its venv module, and found" \
		"$$(python3 --version 2>&1 || echo none). Install one (Debian: apt-get install python3 python3-venv)" \
		"or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON) (once)"
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing what Vigie runs on (about a minute)"
	@$(bin)/pip install --quiet --require-hashes --requirement requirements.txt
	@$(bin)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo "Installing what its checks need"
	@$(bin)/pip install --quiet --require-hashes --requirement requirements-dev.txt
	@touch $@
