"""A case crosses the border: offer without identity, a human answer, then the dossier.

The state of a referral is a pure fold
over its message log that both nodes run, so that both tell the same story.
Leaves to others: carrying the bytes (exchange), and the care that follows (protection).
"""
