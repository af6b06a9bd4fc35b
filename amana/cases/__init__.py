"""The case: its opaque code, its sealed compartments, its consents, its timeline, its gate.

Texts: domain.md sections 2.5, 3.1, 3.7; security.md C1.2 and decision 6.
Every way to a case passes `queries.access_case`, for which forbidden equals missing.
Leaves to others: what is done for the person, and how a case crosses a border.
"""
