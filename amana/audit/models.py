"""Two tables: the entries, and the head that says how many there must be."""

from django.db import models


class Entry(models.Model):
    """One act. The leaf stays for ever; salt and event may be erased, and the slot still proves."""

    seq = models.BigIntegerField(primary_key=True)
    leaf = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=32)
    event = models.BinaryField()

    def __str__(self) -> str:
        return f"entry {self.seq}"


class Head(models.Model):
    """The last entry's number and chain value: what makes a cut tail visible, and the lock."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    chain = models.BinaryField(max_length=32)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(only=1), name="audit_has_one_head"),
        )

    def __str__(self) -> str:
        return f"head at {self.seq}"
