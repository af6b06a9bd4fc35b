"""Phones, what they sealed, what was read of it, operations. A person's words lie here sealed."""

from typing import ClassVar

from django.db import models

from amana.access.models import Account, Team
from amana.identification.models import Screening


class Invitation(models.Model):
    """A QR code that enrols one phone, once, within an hour; only its digest is kept."""

    digest = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    mode = models.CharField(max_length=6)
    made_by = models.CharField(max_length=32)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:8]


class Device(models.Model):
    """An enrolled phone: it adds for one team, and reads nothing."""

    id = models.CharField(max_length=32, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    team = models.ForeignKey(Team, on_delete=models.PROTECT)
    mode = models.CharField(max_length=6)
    public = models.BinaryField()
    # Of the invitation that enrolled it last: an answer that was lost is given again.
    invited_by = models.CharField(max_length=64, unique=True)
    enrolled_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=32, blank=True)

    def __str__(self) -> str:
        return self.id[:8]


class Resumable(models.Model):
    """That an administrator lets a team's phones keep work that can be read again."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE)
    allowed_by = models.CharField(max_length=32)
    allowed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.team_id


class Item(models.Model):
    """What one phone sealed of one person: the newest number stands for all before it.

    Once read, only the number is left, so that the phone is answered when it asks again.
    """

    device = models.ForeignKey(Device, on_delete=models.PROTECT)
    record = models.CharField(max_length=32)
    seq = models.PositiveIntegerField()
    urgency = models.CharField(max_length=12)
    # When something of this person first came: the supervisor's clock runs from here.
    first_at = models.DateTimeField()
    arrived_at = models.DateTimeField()
    is_quarantined = models.BooleanField(default=False)
    key_id = models.CharField(max_length=32, blank=True)
    sealed = models.BinaryField(null=True)
    # Why it could not be read, in one of our codes.
    fault = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("device", "record"), name="one_item_a_record_a_phone"),
        ]
        indexes: ClassVar = [
            # What waits of one phone is counted with every item that it sends.
            models.Index(
                fields=("device",),
                condition=models.Q(sealed__isnull=False),
                name="waiting_of_a_phone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record[:8]} of {self.device_id[:8]}"


class Operation(models.Model):
    """Many people found at once: wristbands printed beforehand, several phones, one list.

    Its name is sealed. Its key also makes the index by which two phones' parts of one wristband
    find each other, so that no wristband stands beside a person in clear.
    """

    code = models.CharField(max_length=12, primary_key=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT)
    expected = models.PositiveIntegerField()
    begins_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=32)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return self.code


class Wristband(models.Model):
    """A code printed before anybody wears it."""

    code = models.CharField(max_length=12, primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("operation", "number"), name="numbered_once"),
        ]

    def __str__(self) -> str:
        return self.code


class Record(models.Model):
    """What was read of one person with one instrument, from every phone that wrote of her.

    `place` finds it again: the number that the phone gave, or for a wristband an index under the
    operation's key. Sealed with it lie the parts of each phone, side by side.
    """

    id = models.CharField(max_length=32, primary_key=True)
    place = models.CharField(max_length=64)
    instrument = models.CharField(max_length=60)
    team = models.ForeignKey(Team, on_delete=models.PROTECT)
    operation = models.ForeignKey(Operation, on_delete=models.SET_NULL, null=True)
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, null=True)
    # How often a screening was made of it: each has a number of its own.
    times = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # Two phones wrote different answers, and nobody has chosen yet.
    has_clash = models.BooleanField(default=False)
    # An answer cannot be, or the instrument is not loaded here: a person must look.
    fault = models.CharField(max_length=20, blank=True)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("place", "instrument"), name="one_record_a_place"),
        ]

    def __str__(self) -> str:
        return self.id[:8]
