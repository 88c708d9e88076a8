.PHONY: help quick test unit check bench compare fuzz ci soak

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

quick: ## the inner loop: vet, and the short tests of what is in process (a minute on two cores)
	go vet ./... && go test -short ./...

test: ## all tests on real parts, nothing skipped (fetches and starts what it needs)
	@scripts/test

unit: ## what runs on a machine with Go alone
	go test ./...

check: ## format, vet, lint, dependencies
	@scripts/check

bench: ## what docs/performance.md has, on real parts, each beside what it is compared with
	scripts/emulators run -- go test -run '^$$' -bench . -benchmem -timeout 1h ./...
	scripts/emulators run -- go -C bench/dbos test -run '^$$' -bench . -timeout 1h
	go -C bench/goworkflows test -run '^$$' -bench . -timeout 1h
	scripts/emulators run -- go test -v -run Costs ./aws
	$(MAKE) -C examples/aws walkthrough

compare: ## benchmarks of this tree against another commit: make compare BASE=v0.1.0 BENCH=BenchmarkManager
	@scripts/compare "$(or $(BASE),main)" "$(or $(BENCH),.)" $(PKG)

fuzz: ## every fuzz target for 20 seconds
	@scripts/fuzz

ci: ## what the hosted workflow runs
	@.ci/run

soak: ## the random world of internal/soak for some minutes on every store
	@scripts/soak
