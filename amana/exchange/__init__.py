"""The post office between nodes: peers, envelopes, receipts, delivery.

Knows who may write to whom and what arrived when.
Knows nothing of cases or children: what a message means is the business of the room that
node.wiring names for its kind.
"""
