# Every verb that a developer or CI needs. `make` alone lists them.

DIR      ?= .sigstead
NAME     ?= demo
PROFILE  ?= dev
IDENTITY ?= you@example.com

CLIENTS  := .clients
OUT      := target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
SIGCTL   := $(OUT)/sigctl
CARGO    := cargo
LOCKED   := --locked

.DEFAULT_GOAL := help
.PHONY: help build check fmt lint deny docs test up down demo clients packages bench ci clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the six services and sigctl (PROFILE=release for speed)
	$(CARGO) build $(LOCKED) --workspace --bins --profile $(PROFILE)

check: ## type-check everything
	$(CARGO) check $(LOCKED) --workspace --all-targets

fmt: ## format the code
	$(CARGO) fmt --all

lint: ## refuse what is unformatted or what clippy warns of
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(LOCKED) --workspace --all-targets -- -D warnings

deny: ## check licences, bans and sources of all dependencies
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --no-default-features cargo-deny@0.20.2
	cargo deny --offline check licenses bans sources

docs: ## build the documentation of all crates, refusing broken links
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(LOCKED) --workspace --no-deps

test: ## run every test; a missing optional client is a visible skip
	$(CARGO) build $(LOCKED) --workspace --bins
	$(CARGO) test $(LOCKED) --workspace

up: build ## build, create DIR if absent, start it, sign and verify a sample
	@test -e $(DIR)/instance.yaml || $(SIGCTL) init $(DIR) --name $(NAME)
	@$(SIGCTL) up $(DIR) --detach
	@date > $(DIR)/sample.txt
	@$(SIGCTL) sign $(DIR) $(DIR)/sample.txt --bundle $(DIR)/sample.sigstore.json --identity $(IDENTITY)
	@$(SIGCTL) verify $(DIR)/sample.txt --instance $(DIR) --bundle $(DIR)/sample.sigstore.json --identity $(IDENTITY)
	@printf '\nNext: sign with your own tools; the commands for each client are in %s/client/README.md\n' '$(DIR)'
	@printf 'Stop it with: make down\n'

down: ## stop the instance in DIR
	@$(SIGCTL) down $(DIR)

demo: up ## sign and verify a file with every client that is installed
	@integration/clients/demo.sh $(DIR) $(SIGCTL) $(CLIENTS)

clients: ## install the official clients, pinned, into .clients
	integration/clients/install.sh $(CLIENTS)

packages: ## install the system packages of the tests (Debian, as root)
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends openssl curl chromium python3-venv

bench: ## measure the running product against the floors of the same run
	$(CARGO) build $(LOCKED) --workspace --bins --release
	$(CARGO) bench $(LOCKED) -p sigstead-integration --bench instance

ci: ## what CI runs: packages, clients, lint, docs, tests that may not skip
	$(MAKE) packages
	$(MAKE) clients
	$(MAKE) lint
	$(MAKE) docs
	SIGSTEAD_TEST_REQUIRE_CLIENTS=1 $(MAKE) test

clean: ## remove what was built
	$(CARGO) clean
