"""The append-only record: one entry for every act, salted, hashed and chained.

The leaf format is that of RFC 9162, so that a tree can be built over it later.
An entry holds codes and opaque references, never a name or a narrative.
Leaves to others: what an act means, and who may do it.
"""
