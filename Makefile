# The commands of everyday work. CMake builds; scripts/ holds what is longer than a line.
# `make run` and `make test` install what they need first, and say so.

.DEFAULT_GOAL := help
.PHONY: help run test test-faults test-tsan coverage build lint format clean lab test-mesh image test-image test-terraform bench

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start the whole path on this machine (ARGS="--gateway-port 8080"); Ctrl-C ends it
	@scripts/setup build run
	@exec .venv/bin/python scripts/run $(ARGS)

test: ## every test, with AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/setup build run test
	@scripts/test dev $(ARGS)

test-faults: ## every fault of tests/faults, and whether the diagnosis is right (ARGS=--peers: what others tell)
	@scripts/setup build run test $(if $(findstring --peers,$(ARGS)),peers)
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev --target health-responder
	@.venv/bin/python -m pytest -c tests/faults/pytest.ini tests/faults $(ARGS)

test-tsan: ## the same tests with ThreadSanitizer
	@scripts/setup build run test
	@scripts/test tsan $(ARGS)

coverage: ## the same tests, then the share of lines and branches of server/ they reach
	@scripts/setup build run test lint
	@scripts/test coverage $(ARGS)

build: ## the release binary: build/release/server/health-responder
	@scripts/setup build
	@cmake --preset release
	@cmake --build --preset release

lint: ## formatters and static analysis, of the manifests too; nothing but closing lines when all is well
	@scripts/setup build run test lint mesh
	@scripts/lint
	@scripts/lint-manifests

format: ## let clang-format and ruff rewrite the sources
	@scripts/setup lint
	@scripts/lint --fix-format

clean: ## remove what was built; .venv stays
	rm -rf build

lab: ## a cluster on this machine to play with: real API server, istiod, Envoy (ARGS="--ambient"); root
	@scripts/setup build run mesh
	@cmake --preset release >/dev/null && cmake --build --preset release --target health-responder
	@exec tests/mesh/up $(ARGS)

test-mesh: ## k8s/ on that cluster; the first time builds it, 15 minutes; root
	@scripts/setup build run mesh
	@cmake --preset release >/dev/null && cmake --build --preset release --target health-responder
	@tests/mesh/test $(ARGS)

image: ## the container image, with docker, podman or buildah
	@image/build $(ARGS)

test-image: ## builds it, runs it hardened, probes it, ends it under load; root
	@scripts/setup image
	@image/test $(ARGS)

test-terraform: ## azure/terraform against the provider's schema; the first time builds it, 11 minutes
	@tests/terraform/test $(ARGS)

bench: ## side by side with nginx, HAProxy, Envoy, blackbox_exporter (ARGS="--help"); 45 minutes
	@scripts/setup build run bench $(if $(findstring --short,$(ARGS)),,image)
	@$(if $(findstring --short,$(ARGS)),,image/build || echo "bench: goes on without the image's static binary")
	@cmake --preset release >/dev/null && cmake --build --preset release --target health-responder
	@.venv/bin/python bench/run $(ARGS)
