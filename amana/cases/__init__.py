"""The case: its opaque code, its sealed compartments, its consents, its timeline, its gate.

Every way to a case passes `queries.access_case`, for which forbidden equals missing.
Leaves to others: what is done for the person, and how a case crosses a border.
"""
