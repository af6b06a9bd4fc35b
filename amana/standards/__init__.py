"""Vocabularies, questions, indicators, clocks and calendars: data with source, date and mark.

Pure: no framework, no tables, no clock. What is not loaded is said to be not loaded.
"""
