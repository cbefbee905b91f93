# SOFiE: make run | test | assurance | check | build | dev | gen | dist | clean
# Each target installs what it lacks (Debian 12; root, or sudo) and says nothing when all is there.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
ENV := . scripts/env.sh;

.PHONY: help run build dev test test-rust test-frontend test-e2e test-long assurance fuzz bench check gen dist test-dist clean install-build install-run install-test

help: ## lists the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: build install-run ## builds everything and starts `sofie serve`, which prints its address and the set-up link
	@exec target/release/sofie serve $(ARGS)

build: install-build ## leaves the release binary, front end embedded, at target/release/sofie, and the inspector beside it
	@scripts/frontend.sh build
	@$(ENV) cargo build --release --locked --package sofie-server --package sofie-inspector --bin sofie --bin sofie-inspect

dev: install-run ## development build of the server, and Vite's server with hot reload in front of it
	@scripts/dev.sh $(ARGS)

test: install-test ## runs every test: Rust, front end, end to end
	@scripts/frontend.sh build
	@scripts/test.sh

test-rust test-frontend test-e2e: test-%: install-test
	@scripts/frontend.sh build
	@scripts/test.sh $*

test-long: build install-test ## end-to-end tests with the full figures: 200 uploads at once, 20 GB, needs an hour and 50 GB of disk
	@$(ENV) SOFIE_BIN=target/release/sofie node tests/e2e/run.mjs --long

assurance: install-test ## tries to break every promise for ASSURANCE_MINUTES=60, and writes docs/assurance.md; ASSURANCE_SEED repeats it
	@scripts/frontend.sh build
	@$(ENV) cargo test --workspace --no-run --locked
	@$(ENV) node tests/e2e/assure.mjs

fuzz: install-fuzz ## every parser and format under libFuzzer, FUZZ_SECONDS=60 each; TARGETS="names emails" for some only
	@scripts/fuzz.sh $(TARGETS)

bench: build install-test ## compares this machine's SOFiE with nginx, tus-node and rustus; BENCH=jobs, lists, growth, checks or bombs measures that instead (bench/README.md)
	@bench/run.sh $(BENCH)

check: install-build ## formatting, lints, licences, layers, sizes, generated files, translations
	@scripts/frontend.sh build
	@$(ENV) scripts/check.sh

gen: install-build ## writes every derived file again
	@scripts/frontend.sh build
	@$(ENV) cargo xtask gen

dist: build install-dist ## builds the packages (deb, rpm) and the bill of materials into target/dist
	@SOFIE_BIN=target/release/sofie scripts/dist.sh

test-dist: dist install-test-dist ## installs the deb into a clean Debian in a container and has it live there; root, minutes
	@scripts/test-dist.sh

clean: ## removes what was built, never data
	rm -rf target frontend/dist frontend/node_modules .tools

install-build install-run install-test install-fuzz install-dist install-test-dist: install-%:
	@scripts/install.sh $*
