"""Who may act here: accounts, teams, roles, sessions, and the keys that they hold.

Texts: security.md C1.2 (keeper and epochs follow with the vault); domain.md section 2.4.
A person opens only what a team of theirs holds a key to; an administrator is in no team.
Leaves to others: what a case is, and who may see which page (node.who_may_open).
"""
