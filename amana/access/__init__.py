"""Who may act here: accounts, teams, roles, sessions, and the keys that they hold.

The scheme stands in docs/decisions (keys follow people, not servers).
A person opens only what a team of theirs holds a key to; an administrator is in no team.
Leaves to others: what a case is, and who may see which page (node.who_may_open).
"""
