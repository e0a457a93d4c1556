.PHONY: help test
help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"
test: ## everything continuous integration runs
	cargo test --workspace
