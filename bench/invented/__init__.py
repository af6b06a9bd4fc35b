"""Invented people and the ways their names get spelled, for the benchmarks; nobody is real."""
