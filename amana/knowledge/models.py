"""What was published: for ever as it was, with what it was made of sealed to the statisticians."""

from typing import ClassVar

from django.db import models


class Publication(models.Model):
    """One version of a table or of synthetic rows. Never changed, never taken away: a later version
    says what is so.

    `content` is what everybody reads, to the byte. `sealed` holds what it was made of, under a key
    of the statisticians: the facts of a table, counted and coded; the noisy counts of rows.
    """

    kind = models.CharField(max_length=12)
    series = models.CharField(max_length=120)
    version = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=32)
    since = models.DateField()
    until = models.DateField()
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("series", "version"), name="one_version_of_a_series"),
        ]

    def __str__(self) -> str:
        return f"{self.series}@{self.version}"
