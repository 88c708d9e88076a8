.PHONY: help test unit check bench fuzz ci soak

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

test: ## all tests on real parts, nothing skipped (fetches and starts what it needs)
	@scripts/test

unit: ## what runs on a machine with Go alone
	go test ./...

check: ## format, vet, lint, dependencies
	@scripts/check

bench: ## benchmarks, each beside what it is compared with
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for 20 seconds
	@scripts/fuzz

ci: ## what the hosted workflow runs
	@.ci/run

soak: ## the random world of internal/soak for some minutes on every store
	@scripts/soak
