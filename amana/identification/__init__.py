"""Screening: questions asked, indicators found, a reading proposed, a person's decision.

The rules propose and say why; they never decide.
Leaves to others: what happens after the decision (cases), and the full interview (later).
"""
