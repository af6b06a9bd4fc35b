"""Letters: what two desks say beside a referral's offer and answer, from assessment to closure.

The families are data (`standards/data/messages.json`); this room writes, has released, sends, takes
in and answers what a row says, in a referral's conversation or in a thread of its own.
"""
