# `make help` lists the targets. A target installs what it needs into this folder, with pinned versions. Only the tools at
# the end of this file must be installed already.

ARCH ?= arm64
COGNITO := infra/local/cognito
EMULATOR := $(COGNITO)/node_modules/.stamp
CONSOLE := functions/console
CONSOLE_MODULES := $(CONSOLE)/node_modules/.stamp
CONSOLE_SOURCES := $(shell find $(CONSOLE) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name schema.d.ts)
# The help in the console is made of the documents.
DOCUMENTS := ARCHITECTURE.md $(wildcard docs/*.md docs/adr/*.md)
PAGES := $(CONSOLE)/dist/index.html
CONSOLE_TESTS := tests/console
CONSOLE_TESTS_MODULES := $(CONSOLE_TESTS)/node_modules/.stamp
OPENAPI_TESTS := tests/openapi
OPENAPI_TESTS_MODULES := $(OPENAPI_TESTS)/node_modules/.stamp
OPENAPI_TOOLS := .venv-openapi/.stamp
VENV := .venv/.stamp
MINISTACK := .venv-ministack/.stamp
CHECKS := .venv-checks/.stamp
# How much `make soak` does: generated worlds and histories, seconds in which workers change everything at once, and
# generated inputs. With 0, it leaves that out.
WORLDS ?= 10000
HISTORIES ?= 5000
CHURN ?= 600
FUZZ ?= 1000000
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := .tools/.cargo-deny-$(CARGO_DENY_VERSION)
MACHINE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)

# The build for `sam-local` and `test-sam`. `make deploy` does not use this folder.
QUICK := .aws-sam/quick
# For what uses one processor. The output of each is shown when it ends. Below a `make --jobs`, that one says how many.
TWO_AT_ONCE = --no-print-directory --output-sync=target $(if $(findstring jobserver,$(MAKEFLAGS)),,--jobs=2)

# A build notes the sources that it began with. A build of other sources is not deployed.
SOURCES := .venv/bin/python -B infra/deploy.py --sources

export HTTP_PORT DYNAMODB_PORT LAMBDA_PORT COGNITO_PORT RUN_DIR KEEP VERBOSE SAM

.PHONY: help run sam-local test test-sam soak build quick-build deploy bench openapi template template-lint scan \
  deny advisories format-check lint compile tools rust-tests fuzz programs script-tests openapi-lint client-tests \
  console console-checks console-tests deploy-tests container-tests event-template-tests \
  rust cxx node curl chromium docker

help:
	@echo 'make run        runs Usher and a Cognito emulator on this machine, until Ctrl-C. Settings:'
	@echo '                  HTTP_PORT=3000 DYNAMODB_PORT=8000 LAMBDA_PORT=3001 COGNITO_PORT=9229'
	@echo '                    ports; 0 picks a free one'
	@echo '                  KEEP=1        continues with the data of the last run'
	@echo '                  RUN_DIR=.run  the folder for data and logs'
	@echo '                  CLAIMS_BYTES=2000 CLAIMS_IN=both JOIN_REQUEST_CLAIMS=false'
	@echo '                    what claims a token has; the emulator has them in the ID token only'
	@echo '                  TRUSTED_PROVIDERS=Google,SignInWithApple GOOGLE_HOSTED_DOMAIN_ATTRIBUTE=custom:hd'
	@echo '                    whose users join by their address, as in docs/parameters.md'
	@echo '                  PUBLIC_MAILBOX_EXCEPTIONS=org_1:gmail.com'
	@echo '                    public domains that single organizations may list, as in docs/parameters.md'
	@echo '                  VERBOSE=1     shows the log of the Cognito emulator'
	@echo 'make sam-local  the same with the built functions in containers (sam local); needs Docker'
	@echo 'make test       checks format, lints and templates, and runs the tests'
	@echo 'make test-sam   tests the built functions in containers and on an AWS emulator; takes some minutes'
	@echo 'make soak       sends generated requests to a running Usher; holds each answer against the OpenAPI document.'
	@echo '                Compares preview and provisioning in generated worlds, WORLDS=10000, and what is told, published and'
	@echo '                kept with the table in generated histories. HISTORIES=5000: about ten minutes. Lets workers'
	@echo '                change the same few organizations and users at once, and checks the history. CHURN=600: seconds'
	@echo '                Reads generated inputs: events, requests, addresses, answers of DNS. FUZZ=1000000'
	@echo 'make console    builds the pages of the console, which `make run` serves'
	@echo 'make console-tests  tests the console in a real browser; SCREENSHOTS=1 leaves some in tests/console/screenshots'
	@echo 'make template   writes the functions in template.yaml and all else that follows from functions/src/lib.rs'
	@echo 'make openapi    writes functions/console/openapi.json from the handlers'
	@echo 'make template-lint  checks the templates'
	@echo 'make advisories checks Cargo.lock for known vulnerabilities; fetches their list from GitHub'
	@echo 'make bench      measures start, processor time, throughput, growth and size: a table, and target/bench.json'
	@echo '                  ONLY=start,http  some of start, warm, http, growth, size'
	@echo 'make build      builds all functions for AWS; ARCH=arm64 or x86_64'
	@echo 'make deploy     builds and deploys; shows what changes, and asks. All parameters that are not named stay.'
	@echo '                  STACK=usher REGION=eu-central-1'
	@echo '                    the stack; it is made if it is not there'
	@echo "                  PARAMETERS='MemorySize=512 TrustedProviders='"
	@echo '                    parameters of docs/parameters.md to set'
	@echo '                  DRY_RUN=1     only shows which parameters would change'
	@echo '                  YES=1         does not ask'

run: rust node $(EMULATOR) $(PAGES)
	@cargo build --locked --bin usher-local
	@node infra/local/run.mjs

sam-local: docker quick-build
	@$(MAKE) --no-print-directory run SAM=$(QUICK)/template.yaml

# Everything is compiled once, with Clippy in the place of rustc.
test compile soak container-tests: export RUSTC_WORKSPACE_WRAPPER := $(CURDIR)/tests/clippy.sh
test: format-check compile rust-tests
	@$(MAKE) $(TWO_AT_ONCE) fuzz script-tests template-lint scan deny openapi-lint client-tests console-checks
	@$(MAKE) --no-print-directory console-tests

format-check: rust
	cargo fmt --all --check

compile: rust
	cargo build --locked --workspace --all-targets

# What `make test` and `make test-sam` fetch into this folder.
tools: $(EMULATOR) $(VENV) $(CHECKS) $(OPENAPI_TOOLS) $(OPENAPI_TESTS_MODULES) $(CONSOLE_MODULES) $(CONSOLE_TESTS_MODULES) \
  $(MINISTACK) $(CARGO_DENY) $(PAGES)

# The lints alone, without code generation. The Rust builds below select the whole workspace, each of them: with another
# selection Cargo would choose other features, and compile the AWS SDK again.
lint: rust
	cargo clippy --locked --workspace --all-targets -- -D warnings

rust-tests: node curl $(EMULATOR) programs
	cargo test --locked --test it

# Generated inputs, the same each time: the corpus, and what libFuzzer makes of it.
fuzz: rust cxx
	tests/fuzz/run.sh 20000

# The programs that the tests start as processes.
programs: rust
	cargo build --locked --bin usher-local --bin usher

script-tests: $(VENV)
	@for folder in scripts templates docs; do \
	  .venv/bin/python -B -m unittest discover --start-directory tests/$$folder || exit 1; \
	done

openapi-lint: $(OPENAPI_TESTS_MODULES)
	npm run --silent --prefix $(OPENAPI_TESTS) lint

# Generates a client for Python and one for TypeScript from the OpenAPI document. Each makes ten calls to a running Usher.
client-tests: rust node $(EMULATOR) $(OPENAPI_TESTS_MODULES) $(OPENAPI_TOOLS)
	cargo build --locked --bin usher-local
	.venv-openapi/bin/python -B -m unittest discover --start-directory $(OPENAPI_TESTS)

soak: rust cxx node $(EMULATOR) $(OPENAPI_TOOLS)
	cargo build --locked --bin usher-local
	.venv-openapi/bin/python -B $(OPENAPI_TESTS)/soak.py
	test $(WORLDS) = 0 || \
	  WORLDS=$(WORLDS) WORLDS_SEED=410b23f078fc5406 cargo test --locked --test it -- entry_paths::worlds
	test $(HISTORIES) = 0 || \
	  HISTORIES=$(HISTORIES) HISTORIES_SEED=410b23f078fc5406 cargo test --locked --test it -- events::histories --nocapture
	test $(CHURN) = 0 || CHURN_SECONDS=$(CHURN) cargo test --locked --test it -- churn --nocapture
	test $(FUZZ) = 0 || tests/fuzz/run.sh $(FUZZ)

console: $(PAGES)

# Format, lints, types, unit tests. Building the pages also checks the size of a first load.
console-checks: $(CONSOLE_MODULES) $(PAGES)
	npm run --silent --prefix $(CONSOLE) check

console-tests: rust node chromium $(EMULATOR) $(PAGES) $(CONSOLE_TESTS_MODULES)
	cargo build --locked --bin usher-local
	npm test --silent --prefix $(CONSOLE_TESTS)

template-lint: export PATH := $(CURDIR)/.venv/bin:$(PATH)
template-lint: export SAM_CLI_TELEMETRY := 0
template-lint: $(VENV)
	cfn-lint template.yaml infra/*.yaml docs/events/*.yaml
	sam validate --lint --region eu-central-1

# Looks for weak settings in templates and workflows, and fetches nothing. Exceptions have their reasons in .checkov.yaml or
# beside the setting.
scan: $(CHECKS)
	.venv-checks/bin/checkov --file template.yaml infra/*.yaml
	.venv-checks/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv-checks/bin/zizmor --offline --quiet --no-progress .github/workflows

# The rules for dependencies are in deny.toml.
deny: rust $(CARGO_DENY)
	.tools/bin/cargo-deny --locked --all-features --log-level error check licenses bans sources

advisories: rust $(CARGO_DENY)
	.tools/bin/cargo-deny --locked --all-features check advisories

build: export PATH := $(CURDIR)/.venv/bin:$(PATH)
build: export SAM_CLI_TELEMETRY := 0
build: rust $(VENV) $(PAGES)
	@sources=$$($(SOURCES)) && set -x && sam build --parameter-overrides Architecture=$(ARCH) && \
	echo "$$sources" >.aws-sam/build/sources

# What is written from the code, all of it checked in: a test fails while it is stale. The console's types are generated
# from the OpenAPI document, without Rust. Both programs are built with the features that the tests are built with.

template: rust
	cargo build --locked --quiet --workspace --example template
	$${CARGO_TARGET_DIR:-target}/debug/examples/template

openapi: rust
	cargo build --locked --quiet --workspace --example openapi
	$${CARGO_TARGET_DIR:-target}/debug/examples/openapi >functions/console/openapi.json.new
	mv functions/console/openapi.json.new functions/console/openapi.json

# Only the command line of make counts. A variable that is left in the environment would change a stack that nobody meant.
given = $(if $(filter command,$(firstword $(origin $1))),$(value $1))
# Whether a setting is on: YES=0 is not.
on = $(filter-out 0 no false,$(call given,$1))
quoted = '$(subst ','\'',$(call given,$1))'
DEPLOY = .venv/bin/python -B infra/deploy.py --stack-name $(call quoted,STACK) --region $(call quoted,REGION) \
  --parameters $(call quoted,PARAMETERS)

# Refusals come before the build, which takes minutes.
deploy: rust $(VENV)
	@$(if $(call given,ARCH),echo 'The stack has its architecture: name Architecture in PARAMETERS.' >&2; exit 1)
ifneq ($(call on,DRY_RUN),)
	@$(DEPLOY) --dry-run
else
	@architecture=$$($(DEPLOY) --architecture) && $(MAKE) --no-print-directory build ARCH=$$architecture
	@$(DEPLOY) $(if $(call on,YES),--yes)
endif

# This prints figures and does not judge them. infra/bench/bench.py explains them. The functions are built from their own
# packages, as for Lambda. What is started beside them needs other features.
bench: rust
	cargo build --locked --release --package functions --package shared --bin usher \
	  --example empty_http --example empty_runtime --example idle --example without_warm_up
	cargo build --locked --release --package usher-local --package bench --bins
	python3 -B infra/bench/bench.py $(if $(ONLY),--only $(ONLY)) --json $${CARGO_TARGET_DIR:-target}/bench.json \
	  $${CARGO_TARGET_DIR:-target}/release

# Built for this machine's processor, because it runs here, and not optimised, which takes a fifth of the time.
quick-build: export PATH := $(CURDIR)/.venv/bin:$(PATH)
quick-build: export SAM_CLI_TELEMETRY := 0
quick-build: export CARGO_PROFILE_RELEASE_CODEGEN_UNITS := 16
quick-build: export CARGO_PROFILE_RELEASE_LTO := off
quick-build: export CARGO_PROFILE_RELEASE_OPT_LEVEL := 0
quick-build: rust $(VENV) $(PAGES)
	@begin=$$(date +%s) && sources=$$($(SOURCES)) && \
	sam build --build-dir $(QUICK) --parameter-overrides Architecture=$(MACHINE) >/dev/null && \
	echo "$$sources" >$(QUICK)/sources && \
	echo "sam build makes the functions ($$(($$(date +%s) - begin)) s)."

test-sam: rust node curl $(EMULATOR) $(MINISTACK) quick-build
	@$(MAKE) $(TWO_AT_ONCE) deploy-tests container-tests event-template-tests

# After a quick build.
deploy-tests:
	cd tests && ../.venv/bin/python -B -m artifacts.deploy ../$(QUICK)/template.yaml

container-tests:
	cd tests && ../.venv/bin/python -B -m artifacts.sam ../$(QUICK)/template.yaml

event-template-tests:
	cd tests && ../.venv/bin/python -B -m artifacts.event_templates

# The stamps are written last, so an interrupted step runs again.

$(EMULATOR): $(COGNITO)/package.json $(COGNITO)/package-lock.json | node
	npm ci --prefix $(COGNITO) --loglevel=error
	@touch $@

$(CONSOLE_MODULES): $(CONSOLE)/package.json $(CONSOLE)/package-lock.json | node
	npm ci --prefix $(CONSOLE) --loglevel=error
	@touch $@

$(CONSOLE_TESTS_MODULES): $(CONSOLE_TESTS)/package.json $(CONSOLE_TESTS)/package-lock.json | node
	npm ci --prefix $(CONSOLE_TESTS) --loglevel=error
	@touch $@

$(OPENAPI_TESTS_MODULES): $(OPENAPI_TESTS)/package.json $(OPENAPI_TESTS)/package-lock.json | node
	npm ci --prefix $(OPENAPI_TESTS) --loglevel=error
	@touch $@

$(PAGES): $(CONSOLE_SOURCES) $(DOCUMENTS) $(CONSOLE_MODULES)
	npm run --silent --prefix $(CONSOLE) build || { rm -f $@; exit 1; }
	@touch $@

$(VENV): infra/requirements.txt
	@for python in python3.11 python3 ''; do \
	  test -z "$$python" || "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	    2>/dev/null && break; \
	done; \
	if test -z "$$python"; then \
	  echo 'Python is missing: install Python 3.11 with its module venv (Debian: python3-venv).' >&2; exit 1; \
	fi; \
	set -x; "$$python" -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(MINISTACK): infra/requirements-ministack.txt | $(VENV)
	.venv/bin/python -m venv --clear .venv-ministack
	.venv-ministack/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(CHECKS): infra/requirements-checks.txt | $(VENV)
	.venv/bin/python -m venv --clear .venv-checks
	.venv-checks/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(OPENAPI_TOOLS): infra/requirements-openapi.txt | $(VENV)
	.venv/bin/python -m venv --clear .venv-openapi
	.venv-openapi/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Not optimised: the build takes one minute instead of five, and cargo-deny runs for only a second.
$(CARGO_DENY): | rust
	env -u RUSTC_WORKSPACE_WRAPPER CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug --root .tools cargo-deny@$(CARGO_DENY_VERSION)
	@touch $@

# The tools that must be installed. Each missing tool prints one sentence.

rust:
	@command -v cargo >/dev/null || { \
	  echo 'Rust is missing: install rustup (https://rustup.rs); it then fetches the version in rust-toolchain.toml.' >&2; \
	  exit 1; }
	@command -v cc >/dev/null || { \
	  echo 'A C compiler is missing: install one that answers to cc (Debian: build-essential).' >&2; exit 1; }

node:
	@node -e 'const [a, b] = process.versions.node.split("."); process.exitCode = +(a * 1000 + +b < 20019)' 2>/dev/null || { \
	  echo 'Node.js is missing or too old: install version 20.19 or later (https://nodejs.org).' >&2; exit 1; }
	@command -v npm >/dev/null || { \
	  echo 'npm is missing: install the one that belongs to your Node.js.' >&2; exit 1; }

curl:
	@command -v curl >/dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -qqy curl; } || { \
	  echo 'curl is missing, which the tour in README.md uses: install it.' >&2; exit 1; }

cxx:
	@command -v c++ >/dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends g++; } || { \
	  echo 'A C++ compiler is missing, which libFuzzer needs: install one that answers to c++ (Debian: g++).' >&2; \
	  exit 1; }

docker: $(VENV)
	@.venv/bin/python -B infra/local/sam.py check

# Debian has the one without windows, which is faster. Ubuntu has the other one.
chromium:
	@command -v chromium-headless-shell >/dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends chromium-headless-shell; } || \
	  command -v chromium >/dev/null || { \
	  echo 'Chromium is missing, in which the console is tested: install it (Debian: chromium-headless-shell).' >&2; exit 1; }
