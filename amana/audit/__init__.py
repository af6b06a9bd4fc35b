"""The append-only record: one entry for every act, a salted leaf of a Merkle tree (RFC 9162).

An entry holds codes and opaque references, never a name or a narrative. The tree's head is signed
and witnessed abroad; here also lies what this node saw of the logs that it witnesses, and the alarm
when one of them is no longer the log that it was. Leaves to others: what an act means, who may do
it, and how a checkpoint travels.
"""
