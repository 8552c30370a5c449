# Every verb that a developer or CI needs. `make` alone lists them.

DIR      ?= .sigstead
NAME     ?= demo
PROFILE  ?= dev
PREFIX   ?= /usr/local
DESTDIR  ?=
IDENTITY ?= you@example.com

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/targets/*.rs)))

CLIENTS  := .clients
PEERS    := .peers
OUT      := target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
SIGCTL   := $(OUT)/sigctl
CARGO    := cargo
LOCKED   := --locked
SKIPS    := $(CURDIR)/target/skips
# The names under which the one installed file is each program, and where shells look for completions below share/.
LINKS := sigctl $(addprefix sigstead-,ca ctlog logcheck oidc tlog tsa tuf)
BASH_SCRIPT := bash-completion/completions/sigctl
ZSH_SCRIPT  := zsh/site-functions/_sigctl
FISH_SCRIPT := fish/vendor_completions.d/sigctl.fish
# Stores on the disk of the checkout, for /tmp may be memory; a file descriptor for each client.
BENCHED  := mkdir -p target/bench && ulimit -n $$(ulimit -Hn) && TMPDIR=$(CURDIR)/target/bench

.DEFAULT_GOAL := help
.PHONY: help build install check fmt lint deny docs test full soak decade up down demo conformance clients packages helm images bench bench-attacks bench-growth bench-issuers bench-peers peers packages-peers fuzz fuzz-smoke ci clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build all programs, each alone and all in one file (PROFILE=release for speed)
	$(CARGO) build $(LOCKED) --workspace --bins --profile $(PROFILE)

install: ## install the program, links, manual pages, completions, alerts, dashboards and a unit below PREFIX (/usr/local); DESTDIR for packagers
	$(CARGO) build $(LOCKED) --release -p sigstead
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 target/release/sigstead $(DESTDIR)$(PREFIX)/bin
	for link in $(LINKS); do ln -sf sigstead $(DESTDIR)$(PREFIX)/bin/$$link; done
	target/release/sigstead ctl man $(DESTDIR)$(PREFIX)/share/man/man1
	install -d $(DESTDIR)$(PREFIX)/share/sigstead
	install -m 644 helm/sigstead/files/alerts.yaml $(DESTDIR)$(PREFIX)/share/sigstead/alerts.yaml
	install -d $(DESTDIR)$(PREFIX)/share/sigstead/dashboards
	install -m 644 helm/sigstead/files/dashboards/*.json $(DESTDIR)$(PREFIX)/share/sigstead/dashboards
	sed 's|/usr/local|$(PREFIX)|' docs/sigstead-probe.service > $(DESTDIR)$(PREFIX)/share/sigstead/sigstead-probe.service
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,$(dir $(BASH_SCRIPT) $(ZSH_SCRIPT) $(FISH_SCRIPT)))
	target/release/sigstead ctl completions bash > $(DESTDIR)$(PREFIX)/share/$(BASH_SCRIPT)
	target/release/sigstead ctl completions zsh > $(DESTDIR)$(PREFIX)/share/$(ZSH_SCRIPT)
	target/release/sigstead ctl completions fish > $(DESTDIR)$(PREFIX)/share/$(FISH_SCRIPT)

check: ## type-check everything
	$(CARGO) check $(LOCKED) --workspace --all-targets

fmt: ## format the code
	$(CARGO) fmt --all

lint: ## refuse what is unformatted or what clippy warns of
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy $(LOCKED) --workspace --all-targets -- -D warnings

deny: ## check licences, bans and sources of all dependencies
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --no-default-features cargo-deny@0.20.2
	cargo deny --offline check licenses bans sources

docs: ## build the documentation of all crates, refusing broken links
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(LOCKED) --workspace --no-deps

test: ## run every test; what could not run is summed up at the end, with how to enable it
	$(CARGO) build $(LOCKED) --workspace --bins
	@rm -f $(SKIPS)
	@SIGSTEAD_TEST_SKIPS=$(SKIPS) $(CARGO) test $(LOCKED) --workspace; status=$$?; \
	  integration/skips.sh $(SKIPS); exit $$status

full: ## run what CI has no time for
	integration/kubernetes/full.sh $(PEERS) $(CARGO)
	integration/buckets/moto.sh target/moto
	integration/collector/run.sh $(OUT)/sigctl target/collector $(CLIENTS)/bin/cosign

soak: ## break machine, disk and files under the running log for long
	$(CARGO) build $(LOCKED) --workspace --bins
	SIGSTEAD_TEST_SOAK=1 $(CARGO) test $(LOCKED) -p sigstead-integration --test faults -- --nocapture
	SIGSTEAD_TEST_SOAK=1 $(CARGO) test $(LOCKED) -p sigstead-integration --test stories overload -- --nocapture

decade: ## let an instance live for ten years in ten minutes, a year a minute, and verify what was signed in it (docs/decade.md)
	$(CARGO) build $(LOCKED) --workspace --bins
	SIGSTEAD_DECADE_YEARS=10 $(CARGO) test $(LOCKED) -p sigstead-integration --test decade -- --nocapture

up: build ## build, create DIR if absent, start it, sign and verify a sample
	@test -e $(DIR)/instance.yaml || $(SIGCTL) init $(DIR) --name $(NAME) --anchors $(DIR)-anchors
	@$(SIGCTL) up $(DIR) --detach
	@date > $(DIR)/sample.txt
	@$(SIGCTL) sign $(DIR) $(DIR)/sample.txt --bundle $(DIR)/sample.sigstore.json --overwrite --identity $(IDENTITY)
	@$(SIGCTL) verify $(DIR)/sample.txt --instance $(DIR) --bundle $(DIR)/sample.sigstore.json --identity $(IDENTITY)
	@printf '\nNext: sign with your own tools; the commands for each client are in %s/client/README.md\n' '$(DIR)'
	@printf 'Stop it with: make down\n'

down: ## stop the instance in DIR
	@$(SIGCTL) down $(DIR)

demo: up ## sign and verify a file with every client that is installed
	@integration/clients/demo.sh $(DIR) $(SIGCTL) $(CLIENTS)

conformance: ## sign and verify with every client against any instance (TRUST=FOLDER, or TRUST=URL ROOT=FILE; TOKEN_FILE= or TOKEN_COMMAND=)
	@integration/clients/conformance.sh $(CLIENTS)

clients: ## install the official clients, pinned, into .clients
	integration/clients/install.sh $(CLIENTS)

packages: ## install the system packages of the tests (Debian, as root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssl curl chromium python3-venv strace python3 e2fsprogs mount faketime openssh-client nginx iproute2 util-linux binutils systemd passwd docker-compose softhsm2 slapd

helm: ## write the schema of the chart's values, check the chart and pack it into target/helm
	SIGSTEAD_WRITE_SCHEMA=1 $(CARGO) test $(LOCKED) -p sigstead-integration --test chart schema
	$(CLIENTS)/bin/helm lint --strict --kube-version 1.34.0 helm/sigstead
	$(CLIENTS)/bin/helm package helm/sigstead --destination target/helm

images: ## assemble the image as an OCI archive into target/image, without a container engine
	integration/image/build.sh target/image/build $(CARGO)
	integration/image/assemble.py target/image/build/release/sigstead $(CLIENTS)/debian target/image/sigstead.tar \
	  --seconds-since-epoch $$(git log -1 --format=%ct) --at-most-mib 40

bench: ## measure the running product against the floors of the same run (ARGS="--log", "--sizes", "--keys", "--rings", "--beside FOLDER")
	$(CARGO) build $(LOCKED) --workspace --bins --release
	$(BENCHED) $(CARGO) bench $(LOCKED) -p sigstead-integration --bench instance -- $(ARGS)

bench-peers: peers ## measure our logs and authority beside those of others, in pairs (ARGS="--long"; ARGS="--help")
	$(CARGO) build $(LOCKED) -p sigstead-tlog -p sigstead-ca -p sigstead-ctlog -p sigstead-ctl --release
	$(BENCHED) $(CARGO) bench $(LOCKED) -p sigstead-integration --bench peers -- --peers $(CURDIR)/$(PEERS) $(ARGS)

bench-attacks: ## measure how long signing takes while strangers attack, beside how long in quiet
	$(CARGO) build $(LOCKED) --workspace --bins --release
	$(CARGO) test $(LOCKED) -p sigstead-integration --release --test attacks -- --nocapture

bench-issuers: ## measure how long certificates take beside hostile issuers, and how long in quiet
	$(CARGO) build $(LOCKED) --workspace --bins --release
	$(BENCHED) $(CARGO) bench $(LOCKED) -p sigstead-integration --bench issuers

bench-growth: ## measure our log with a thousand million entries beside the empty one
	$(CARGO) build $(LOCKED) -p sigstead-tlog -p sigstead-ctl --release
	$(BENCHED) $(CARGO) bench $(LOCKED) -p sigstead-integration --bench peers -- --only grown $(ARGS)

peers: ## install the logs and authorities of others, pinned, into .peers
	integration/peers/install.sh $(PEERS)

packages-peers: ## install the system packages of bench-peers (Debian, as root)
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends mariadb-server strace

fuzz: ## fuzz every parser, each for FUZZ_SECONDS (fuzz/README.md)
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz@0.13.2
	fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ_TARGETS)

fuzz-smoke: ## fuzz every parser for seconds, from the stored inputs
	@$(MAKE) fuzz FUZZ_SECONDS=3

ci: ## what CI runs: packages, clients, lint, docs, a little fuzzing, tests that may not skip
	$(MAKE) packages
	$(MAKE) clients
	$(MAKE) lint
	$(MAKE) docs
	$(MAKE) fuzz-smoke
	SIGSTEAD_TEST_REQUIRE_CLIENTS=1 $(MAKE) test

clean: ## remove what was built
	$(CARGO) clean
