# `make help` lists what can be asked.
.PHONY: help setup demo demo-fresh test check bench bench-identification bench-field bench-exchange bench-protection bench-shelters bench-figures soak

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 24

setup: ## make .venv with everything a node needs
	@bin/setup

demo: ## start two nodes with invented people, play the journey, print the tour
	@bin/setup && .venv/bin/amana demo

demo-fresh: ## the same, from nothing
	@bin/setup && .venv/bin/amana demo --fresh

check: ## lint, format, contracts, types
	@bin/setup test && bin/check

test: ## install what the tests need, run every test
	@bin/test

bench: ## measure beside the peers, write benchmarks/results
	@bin/setup test && bin/bench

bench-identification: ## measure only the reading, beside a general rule library
	@bin/setup test && PYTHONPATH=. .venv/bin/python -m bench.identification

bench-field: ## measure only the field app: how soon, how many bytes, what a node takes in
	@bin/setup test && PYTHONPATH=. .venv/bin/python -m bench.field

bench-exchange: ## measure only the post between two nodes, beside the bare cycle
	@bin/setup test && PYTHONPATH=. .venv/bin/python -m bench.exchange

bench-protection: ## measure only the list and the page of a case, to a million cases
	@bin/setup test && PYTHONPATH=. bin/with-postgres .venv/bin/python -m bench.protection

bench-shelters: ## measure only the batch placement, beside a worker’s own choice and the bound
	@bin/setup test && PYTHONPATH=. .venv/bin/python -m bench.shelters

bench-figures: ## measure only figures: suppression, synthetic rows, imports, beside their peers
	@bin/setup test && P=$$(bin/peers) && export PYTHONPATH=. ARGUS_PYTHON=$$P PAC_SYNTH_PYTHON=$$P DUCKDB_PYTHON=$$P && \
	.venv/bin/python -m bench.suppression && .venv/bin/python -m bench.synthesis && .venv/bin/python -m bench.imports

soak: ## the long tests: 500 kills, fuzzing, mutants, a group of 150; write benchmarks/results/soak.md
	@bin/setup test && bin/soak
