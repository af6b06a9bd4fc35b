"""Peers, messages and receipts. A message's content lies here only sealed."""

from typing import ClassVar

from django.db import models


class Peer(models.Model):
    """A partner country: the pinned root, and the last directory that it signed."""

    country = models.CharField(max_length=2, primary_key=True)
    pinned_root = models.CharField(max_length=100)
    directory = models.BinaryField()
    version = models.PositiveIntegerField()
    url = models.CharField(max_length=200)
    pinned_at = models.DateTimeField()
    # The version of this node's own directory that the partner has taken over.
    has_ours = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.country


class Replaced(models.Model):
    """A partner's directory in whose place a newer one stands: what was signed under it is read."""

    country = models.CharField(max_length=2)
    version = models.PositiveIntegerField()
    file = models.BinaryField()
    replaced_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("country", "version"), name="replaced_once"),
        )

    def __str__(self) -> str:
        return f"{self.country} {self.version}"


class Candidate(models.Model):
    """A partner's root that waits to be compared: by a first person, then by a second."""

    country = models.CharField(max_length=2, primary_key=True)
    root = models.CharField(max_length=100)
    directory = models.BinaryField()
    brought_at = models.DateTimeField()
    first_by = models.CharField(max_length=32, blank=True)
    first_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.country


class Published(models.Model):
    """A version of this node's own directory, and the entry of the record that holds its digest."""

    version = models.PositiveIntegerField(primary_key=True)
    file = models.BinaryField()
    at = models.DateTimeField()
    entry = models.BigIntegerField()

    def __str__(self) -> str:
        return f"version {self.version}"


class HolidayWord(models.Model):
    """What an officer says of one day, against or beside the library's estimate."""

    day = models.DateField(primary_key=True)
    is_rest = models.BooleanField()
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.day)


class Handover(models.Model):
    """A former key of the desk vouches for the new one, until the signed directory says so too.

    `cross` is its signature over the new signer: whoever stole a root has no desk key and cannot
    make one.
    """

    former = models.BinaryField()
    signer = models.BinaryField()
    cross = models.BinaryField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"handover of {self.at:%Y-%m-%d}"


class Message(models.Model):
    """One message, sent or received: its container, how far it came, and once opened its place.

    Before the desk opens it, a received message is only bytes with a number and an expiry.
    """

    mid = models.CharField(max_length=32, primary_key=True)
    is_ours = models.BooleanField()
    country = models.CharField(max_length=2)
    container = models.BinaryField()
    # The key over a received container; a container of ours is sealed to the other desk alone.
    cover_id = models.CharField(max_length=32, blank=True)
    sha256 = models.CharField(max_length=64)
    outer = models.BinaryField()
    expires_at = models.DateTimeField()
    stored_at = models.DateTimeField()
    rank = models.PositiveSmallIntegerField(default=0)
    refused_for = models.CharField(max_length=20, blank=True)
    # Why it stays sealed in the tray, where that can come right later or a person must look.
    held_for = models.CharField(max_length=20, blank=True)
    # Known once opened, or from the start for a message of our own.
    kind = models.CharField(max_length=40, blank=True)
    conversation = models.CharField(max_length=32, blank=True)
    # Of the sender: raised by every restore from a backup, since numbers may then be used again.
    inc = models.PositiveBigIntegerField(default=1)
    seq = models.PositiveIntegerField(default=0)
    in_reply_to = models.CharField(max_length=32, blank=True)
    written_at = models.DateTimeField(null=True)
    key_id = models.CharField(max_length=32, blank=True)
    sealed_body = models.BinaryField(null=True)
    # The rows of the agreement that let our own message leave; what a received one lies outside of.
    under = models.TextField(blank=True)
    outside = models.TextField(blank=True)
    # Delivery of our own messages; one that has arrived is due no more, and no moment stands here.
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    # Carried once already, to a node that has since been restored and may have lost it.
    carry_again = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=("country", "not_before"), name="messages_that_are_due"),
            models.Index(
                fields=("conversation", "is_ours", "seq"), name="messages_of_a_conversation"
            ),
            models.Index(fields=("kind", "stored_at"), name="messages_in_the_tray"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("conversation", "is_ours", "inc", "seq"),
                condition=models.Q(seq__gt=0),
                name="one_message_per_place_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.mid


class Receipt(models.Model):
    """A signed statement how far a message came; ours wait here until the peer has them."""

    mid = models.CharField(max_length=32)
    is_ours = models.BooleanField()
    country = models.CharField(max_length=2)
    rank = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    code = models.CharField(max_length=20, blank=True)
    signed = models.BinaryField()
    is_carried = models.BooleanField(default=False)
    # No moment stands here once it is carried.
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=("country", "not_before"), name="receipts_that_are_due"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("mid", "is_ours", "rank"), name="one_receipt_per_rank"),
        ]

    def __str__(self) -> str:
        return f"{self.mid} at rank {self.rank}"
