"""The append-only record: one entry for every act, salted, hashed and chained.

Text: security.md C2.9 (leaf format; the Merkle tree, checkpoints and witnesses follow).
An entry holds codes and opaque references, never a name or a narrative.
Leaves to others: what an act means, and who may do it.
"""
