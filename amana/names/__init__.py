"""The name matcher: is this person, however the name was spelled, already known?

Names in Latin and in Arabic script meet in one key; cards are found by key, year, town and sex.
Pure: no framework, no tables, no clock, nothing written anywhere. Keys, signatures and tokens
reveal names as much as the names do: whoever calls keeps them in memory or seals them.
Leaves to others: whose cards these are, who may search, and what the keeper does with tokens.
"""
