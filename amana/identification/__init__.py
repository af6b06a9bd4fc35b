"""Screening: questions asked, indicators found, a reading proposed, a person's decision.

Texts: domain.md sections 3.3, 4.0-4.3 and 4.1b. The rules propose and say why; they never decide.
Leaves to others: what happens after the decision (cases), and the full interview (later).
"""
