"""Rungs that were climbed, receipts that were missed, hours of duty, calls, other plans, pings."""

from typing import ClassVar

from django.db import models

from amana.referrals.models import Referral


class Rung(models.Model):
    """One rung of one silence. Written once; `cleared_at` when it turns out that a word was said.

    A rung may be known late: `at` is when it was reached, `noted_at` when this node saw it.
    """

    # None where it is a silence over a letter outside every referral.
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, null=True)
    code = models.CharField(max_length=12)
    mid = models.CharField(max_length=32)
    clock = models.CharField(max_length=30)
    level = models.PositiveSmallIntegerField()
    country = models.CharField(max_length=2)
    at = models.DateTimeField()
    noted_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("mid", "clock", "level"), name="one_rung_per_level"),
        ]

    def __str__(self) -> str:
        return f"{self.clock} at level {self.level}"


class Missed(models.Model):
    """A receipt of our own message that did not come in time; cleared when it comes."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE)
    mid = models.CharField(max_length=32)
    clock = models.CharField(max_length=30)
    at = models.DateTimeField()
    noted_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("mid", "clock"), name="one_missed_receipt_per_rank"),
        ]

    def __str__(self) -> str:
        return f"no {self.clock} receipt of {self.mid}"


class Duty(models.Model):
    """Hours in which somebody of the desk answers, first or as alternate."""

    account_id = models.CharField(max_length=32)
    is_alternate = models.BooleanField(default=False)
    begins = models.DateTimeField()
    ends = models.DateTimeField(db_index=True)
    planned_by = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"duty of {self.account_id}"


class Call(models.Model):
    """A telephone call about a silence: whom by function, what came of it; words are sealed."""

    id = models.CharField(max_length=32, primary_key=True)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE)
    at = models.DateTimeField()
    by = models.CharField(max_length=32)
    whom = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20)
    key_id = models.CharField(max_length=32, blank=True)
    sealed = models.BinaryField(null=True)

    def __str__(self) -> str:
        return f"call about {self.referral_id}"


class PlanB(models.Model):
    """What is done for the person while the other country is silent; the newest one counts."""

    id = models.CharField(max_length=32, primary_key=True)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE)
    at = models.DateTimeField()
    by = models.CharField(max_length=32)
    plan = models.CharField(max_length=20)
    key_id = models.CharField(max_length=32, blank=True)
    sealed = models.BinaryField(null=True)

    def __str__(self) -> str:
        return f"plan for {self.referral_id}"


class Ping(models.Model):
    """One month's question to another desk whether somebody is there; its messages say the rest."""

    conversation = models.CharField(max_length=32, primary_key=True)
    country = models.CharField(max_length=2)
    month = models.CharField(max_length=7)
    is_ours = models.BooleanField()
    key_id = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("country", "month", "is_ours"), name="one_ping_a_month_each_way"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.month}"


class Mail(models.Model):
    """Whether an address must be told that something waits: no more than that is ever sent."""

    address = models.CharField(max_length=254, primary_key=True)
    wanted_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return "mail"
