.PHONY: help run test lint bench bench-escalation bench-failover demo-escalation demo-failover soak chance fuzz fmt ci
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | awk -F '\t' '{ printf "  make %-17s %s\n", $$1, $$2 }'
run: ## build and start everything, place a call, stay up until Ctrl-C
	@scripts/run.sh
test: ## everything continuous integration runs; installs what it needs
	@scripts/test.sh
lint: ## formats, lints, the protos' rules and the crates' rules, without tests
	@scripts/lint.sh
bench: ## what a call costs, against a bare server and a plain monolith; answer times; junk; memory
	cargo build --release --bins
	$${CARGO_TARGET_DIR:-target}/release/bench $(BENCH)
demo-failover: ## an account is suspended: detection, moves, a call, the mail, the way back, on a clock that runs fast
	cargo build --quiet --workspace --bins
	$${CARGO_TARGET_DIR:-target}/debug/demo failover
demo-escalation: ## a meeting nobody may miss: mail, message and call, a key; then nobody answers; on a clock that runs fast
	cargo build --quiet --workspace --bins
	$${CARGO_TARGET_DIR:-target}/debug/demo escalation
bench-failover: ## from a suspension to everybody verified on the backup account: BENCH="--agents 1000"
	cargo build --release --bins
	$${CARGO_TARGET_DIR:-target}/release/bench-failover $(BENCH)
bench-escalation: ## how late the steps of armed ladders are taken in hand: BENCH="--incidents 10000" or BENCH="--history 1000000"
	cargo build --release --bins
	$${CARGO_TARGET_DIR:-target}/release/bench-escalation $(BENCH)
soak: ## kills, freezes and cuts the system under load, and judges it: SOAK="--minutes 30 --seed 7"
	cargo build --release --bins
	$${CARGO_TARGET_DIR:-target}/release/soak $(SOAK)
chance: ## ladders under faults, crashes, failovers and lost answers, thousands of times: SEEDS=10000 SEED=1 LOST=1000
	CALLPLANE_TEST_SEEDS=$${SEEDS:-1000} CALLPLANE_TEST_SEED=$${SEED:-1} CALLPLANE_TEST_LOST=$${LOST:-1000} \
	    cargo test --locked --workspace --profile chance --test suite -- --nocapture escalation::chance
fuzz: ## hostile bytes at parsers, signatures, tokens and seals, with a fresh seed: FUZZ=jwt FUZZ_INPUTS=1000000 FUZZ_SEED=7
	FUZZ_SEED=$${FUZZ_SEED:-fresh} FUZZ_INPUTS=$${FUZZ_INPUTS:-200000} \
	    cargo test --locked --workspace --test fuzz -- --nocapture $(FUZZ)
fmt: ## formats sources and protos
	@scripts/fmt.sh
ci: ## what continuous integration calls
	@.ci/run
