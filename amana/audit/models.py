"""The entries and their head; who cosigned it; the logs seen here; the alarms over them."""

from typing import ClassVar

from django.db import models


class Entry(models.Model):
    """One act. The leaf stays for ever; salt and event may be erased, and the slot still proves."""

    seq = models.BigIntegerField(primary_key=True)
    leaf = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=32, null=True)
    event = models.BinaryField(null=True)

    def __str__(self) -> str:
        return f"entry {self.seq}"


class Head(models.Model):
    """The tree's head: what the next entry grows from, what makes a cut tail visible, the lock."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    frontier = models.BinaryField(default=b"")
    root = models.BinaryField(max_length=32)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(only=1), name="audit_has_one_head"),
        )

    def __str__(self) -> str:
        return f"head at {self.size}"


class Cosigned(models.Model):
    """The last checkpoint of this node's log that one witness vouched for, with its lines."""

    witness = models.CharField(max_length=255, primary_key=True)
    size = models.BigIntegerField()
    note = models.BinaryField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.witness} at {self.size}"


class Witnessed(models.Model):
    """The last checkpoint of a partner's log that this node vouched for."""

    origin = models.CharField(max_length=255, primary_key=True)
    country = models.CharField(max_length=2)
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(max_length=32)
    signed_at = models.BigIntegerField(default=0)
    note = models.BinaryField(default=b"")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.origin} at {self.size}"


class Alarm(models.Model):
    """A log that forked, became shorter or fell silent, and who said so; open until it has ended.

    `note` is the checkpoint that gave it away: with the one that was witnessed it is the evidence.
    """

    country = models.CharField(max_length=2)
    kind = models.CharField(max_length=12)
    said_by = models.CharField(max_length=255)
    at = models.DateTimeField()
    size = models.BigIntegerField(default=0)
    note = models.BinaryField(default=b"")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("country", "kind", "said_by"),
                condition=models.Q(ended_at=None),
                name="one_open_alarm_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.kind}"
