"""Agreements between countries: which text binds this node, since when, and what may flow by it.

The texts are data (`standards.agreements`); this room holds the register of what became of them,
and the rule that the post office asks before anything leaves.
"""
