"""Benchmarks beside other people's tools; each module here is a runner: `make bench`."""
