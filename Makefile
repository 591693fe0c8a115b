# pg-gateway's commands. `make` alone lists them.
#
# Everything that is fetched or built on the way lies under .cache (ignored by git), so `rm -rf .cache` is a
# complete clean-up. Tools have a module of their own (tools/go.mod) and never touch the product's graph.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c

GO        ?= go
CACHE     := $(CURDIR)/.cache
BIN       := $(CACHE)/bin
LINT      := $(BIN)/golangci-lint
KUSTOMIZE := $(BIN)/kustomize
BENCHSTAT := $(BIN)/benchstat
VULN      := $(BIN)/govulncheck
# npm writes this file last.
SDKS      := $(CACHE)/sdk/node_modules/.package-lock.json

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.version=$(VERSION)

PKG       ?= ./...
FUZZTIME  ?= 15s
BENCHTIME ?= 1s
COUNT     ?= 1
IMAGE     ?= pg-gateway:$(VERSION)
CONFIG    ?= config.yaml

# The tests find what is not in Go through these.
export KUSTOMIZE
export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Serve config.yaml with the sandbox and the demo shop
	$(GO) run -ldflags "$(LDFLAGS)" . serve --config.file=$(CONFIG)

.PHONY: build
build: ## Build the static binary into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o bin/pg-gateway .

.PHONY: image
image: ## Build the container image (docker, or buildah when there is no docker)
	./scripts/image.sh "$(IMAGE)" "$(VERSION)" "$(REVISION)"

.PHONY: deps
deps: $(KUSTOMIZE) ## Find or install what the tests need beyond Go
	@./scripts/deps.sh
	@$(MAKE) -s --no-print-directory $(SDKS)

.PHONY: test
test: deps vet ## Run every test with the race detector
	$(GO) test -race -timeout 40m -count=$(COUNT) $(PKG)
	$(GO) test -count=1 ./gateway -run '^TestAllocations$$'
	$(GO) test -timeout 25m -count=1 ./test/simulation -run '^TestSimulation$$' -sim.schedules=20000

.PHONY: sdk
sdk: $(SDKS) ## Drive the SDKs that PortOne publishes for Node through the gateway
	$(GO) test ./test/sdk -count=1 -v

# The inner loop: -short leaves out what needs more than Go, and takes 200 schedules where 20,000 are the check.
# The sandbox shares no code with the rest, so that its tests in a browser are left out by name.
BROWSERS := ^(TestBuyersPages|TestPagesAreForPeople|TestTheFrontPageSteers)$$

.PHONY: test-fast
test-fast: ## Test in a minute or two: no race detector, databases, browsers or processes (PKG=./rules for one room)
	$(GO) test -short -timeout 5m -count=$(COUNT) -skip '$(BROWSERS)' $(PKG)

.PHONY: vet
vet: ## Run go vet, check that everything is formatted and that go.mod says what is used
	$(GO) vet $(PKG)
	$(GO) mod tidy -diff
	@files=$$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l); \
	  if [ -n "$$files" ]; then echo "not formatted (run 'make fmt'):"; echo "$$files"; exit 1; fi

.PHONY: lint
lint: $(LINT) ## Run golangci-lint (built once from tools/go.mod)
	$(LINT) run

.PHONY: fmt
fmt: $(LINT) ## Format the Go code and group its imports
	$(LINT) fmt

.PHONY: bench
bench: bench-micro bench-load bench-proxy bench-slow bench-growth ## Run every kind of benchmark

.PHONY: bench-micro
bench-micro: $(BENCHSTAT) ## Run the micro-benchmarks; earlier results in .cache/bench.txt are compared with
	@if [ -f $(CACHE)/bench.txt ]; then cp $(CACHE)/bench.txt $(CACHE)/bench-before.txt; fi
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -count $(COUNT) $(PKG) | tee $(CACHE)/bench.txt
	@if [ -f $(CACHE)/bench-before.txt ]; then $(BENCHSTAT) before=$(CACHE)/bench-before.txt now=$(CACHE)/bench.txt; fi

.PHONY: bench-load
bench-load: ## Load the gateway beside a plain proxy (wrk; ROUNDS, SECONDS_EACH, CONNECTIONS)
	@GO="$(GO)" ./scripts/bench-load.sh

# ALONE=1 goes before whatever else the machine does (needs root); DOCS=1 writes the tables of docs/performance.md anew.
.PHONY: bench-proxy
bench-proxy: ## What a request costs beside nginx, HAProxy, fasthttp, nginx with Lua (ROUNDS, EACH, ALONE, DOCS; four minutes)
	@./scripts/deps.sh bench
	$(GO) run ./test/bench/proxy -rounds $(or $(ROUNDS),5) -each $(or $(EACH),2s) $(if $(ALONE),-alone) $(if $(DOCS),-docs docs/performance.md)

.PHONY: bench-flat
bench-flat: ## Whether memory stays flat over REQUESTS (default 10000000) of all kinds (EACH, ALONE, DOCS; ten minutes)
	@./scripts/deps.sh bench
	$(GO) run ./test/bench/proxy -flat $(or $(REQUESTS),10000000) -each $(or $(EACH),5s) $(if $(ALONE),-alone) $(if $(DOCS),-docs docs/performance.md)

.PHONY: bench-slow
bench-slow: ## What slow PG calls, and clients that send slowly, cost a buyer's checkout (ROUNDS, EACH, ALONE, DOCS; two minutes)
	$(GO) run ./test/bench/slow -rounds $(or $(ROUNDS),7) -each $(or $(EACH),2s) $(if $(ALONE),-alone) $(if $(DOCS),-docs docs/performance.md)

.PHONY: bench-growth
bench-growth: deps ## Time returns while much waits, is open or is removed (MESSAGES, OPEN, OLD, FOR; a few minutes)
	$(GO) test ./journal -run '^TestGrowth$$' -count=1 -v -parallel 1 -timeout 60m -growth.messages=$(or $(MESSAGES),50000) \
	  -growth.open=$(or $(OPEN),400000) -growth.old=$(or $(OLD),40000) -growth.payments=5000 -growth.for=$(or $(FOR),5s)
	$(GO) test ./test/simulation -run 'TestASilentPG|TestAHangingDelivery|TestWaitingMessages' -count=1 -v

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (default 15s)
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" ./scripts/fuzz.sh $(PKG)

.PHONY: cover
cover: deps ## Measure what the tests reach
	$(GO) test -timeout 15m -coverprofile=coverage.out -coverpkg=./... $(PKG)
	$(GO) tool cover -func=coverage.out | tail -1

.PHONY: crash
crash: deps ## Kill the gateway KILLS times (default 200) under load on SQLite, on PostgreSQL, and as 3 pods; CRASH_SEED replays
	$(GO) test ./test/e2e -run '^TestCrash$$' -count=1 -v -timeout 60m -crash.kills=$(or $(KILLS),200) -crash.seed=$(or $(CRASH_SEED),0)

.PHONY: leaving
leaving: ## End gateways SIGTERMS times (default 100) under load without any preStop: no request may fail
	$(GO) test ./test/e2e -run '^TestLeavingFailsNoRequest$$' -count=1 -v -timeout 60m -leaving.sigterms=$(or $(SIGTERMS),100)

.PHONY: recovery
recovery: deps ## Start on a journal with ATTEMPTS (default 100000) open attempts, on SQLite and on PostgreSQL
	$(GO) test ./test/e2e -run '^TestRecovery$$' -count=1 -v -parallel 1 -timeout 60m -recovery.attempts=$(or $(ATTEMPTS),100000)

.PHONY: journal-scale
journal-scale: deps ## Time the journal's calls among ATTEMPTS (default 5000000) closed attempts, on SQLite and on PostgreSQL
	$(GO) test ./journal -run '^TestScale$$' -count=1 -v -parallel 1 -timeout 120m -scale.attempts=$(or $(ATTEMPTS),5000000) -scale.limit=5ms

.PHONY: fsyncs
fsyncs: deps ## Count the fsyncs of an attempt that is concluded, 64 at once (SQLite by strace, PostgreSQL by its own count)
	$(GO) test -c -o $(CACHE)/lifecycle.test ./lifecycle
	cd lifecycle && strace -f --seccomp-bpf -c -e trace=fsync,fdatasync $(CACHE)/lifecycle.test -test.run '^$$' -test.bench 'ConcludeTogether$$' -test.benchtime 20000x
	cd lifecycle && $(CACHE)/lifecycle.test -test.run '^$$' -test.bench 'ConcludeTogetherPostgres$$' -test.benchtime 20000x

.PHONY: wire-long
wire-long: deps ## Pass bodies of a GiB both ways in bounded memory, and check out in a crowd of 8,000 slow and silent clients
	$(GO) test ./test/wire -run 'TestLongBodies|TestACrowd' -count=1 -v -wire.long

.PHONY: soak
soak: ## Simulate SCHEDULES (default 200000) schedules, the first with seed SEED (default: the time)
	$(GO) test ./test/simulation -run '^TestSimulation$$' -count=1 -v -timeout 0 -sim.schedules=$(or $(SCHEDULES),200000) -sim.first=$(or $(SEED),$(shell date +%s))

.PHONY: mutation
mutation: ## Take each guard away and see that its test turns red
	$(GO) test ./test/mutation -count=1 -v -timeout 150m -mutation.share=1

# The files are PortOne's, under a licence of their own, and no part of this repository.
.PHONY: openapi-check
openapi-check: ## Hold the sandbox's PortOne V1 and V2 against PortOne's OpenAPI files in the folder OPENAPI
	$(GO) run ./test/openapi -files "$(OPENAPI)"

.PHONY: vuln
vuln: $(VULN) ## Look for known vulnerabilities (needs the vulnerability database, so not part of check)
	$(VULN) $(PKG)

.PHONY: generate
generate: ## Write the generated files anew: schema, tables in docs/, PrometheusRule (tests fail when they are stale)
	$(GO) test ./rules -run Schema -update
	$(GO) test ./k8s/monitoring -run PrometheusRule -update
	$(GO) test . -run Documented -update-docs
	$(GO) test ./lifecycle -run Documented -update-docs
	$(GO) test ./adapters/inicis -run Documented -update-docs

.PHONY: check
check: ## What CI runs: test, lint, build
	./.ci/run

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin coverage.out $(CACHE)

$(LINT): tools/go.mod tools/go.sum
	@echo "building golangci-lint (once; about three minutes with a cold cache)"
	cd tools && $(GO) build -trimpath -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(KUSTOMIZE): tools/kustomize/go.mod tools/kustomize/go.sum
	@echo "building kustomize (once; about half a minute with a cold cache)"
	cd tools/kustomize && $(GO) build -trimpath -o $@ sigs.k8s.io/kustomize/kustomize/v5

$(SDKS): test/sdk/package.json test/sdk/package-lock.json
	mkdir -p $(CACHE)/sdk
	cp $^ $(CACHE)/sdk/
	cd $(CACHE)/sdk && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

$(BENCHSTAT): tools/go.mod tools/go.sum
	cd tools && $(GO) build -trimpath -o $@ golang.org/x/perf/cmd/benchstat

$(VULN): tools/go.mod tools/go.sum
	cd tools && $(GO) build -trimpath -o $@ golang.org/x/vuln/cmd/govulncheck
