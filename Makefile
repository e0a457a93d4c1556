.PHONY: help test bench
help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"
test: ## everything continuous integration runs
	cargo test --workspace
bench: ## what a call costs, stage by stage, against a bare server
	cargo build --release --bins
	$${CARGO_TARGET_DIR:-target}/release/bench $(BENCH)
