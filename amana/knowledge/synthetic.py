"""Synthetic rows with differential privacy: rows that nobody is, with the counts of many."""
