"""Drafts and screenings. What was answered and what was read in it lies here only sealed."""

from django.db import models

from amana.access.models import Account


class Draft(models.Model):
    """An unfinished screening, sealed under the responder's own key; gone after 72 hours."""

    id = models.CharField(max_length=32, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    epoch = models.PositiveIntegerField()
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return self.id[:8]


class Screening(models.Model):
    """A finished screening: sealed to the care team, proposed by the rules, decided by a person."""

    code = models.CharField(max_length=12, primary_key=True)
    submission = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True)
    received_at = models.DateTimeField()
    age_band = models.CharField(max_length=10)
    sex = models.CharField(max_length=10)
    tier = models.CharField(max_length=10)
    is_historical = models.BooleanField(default=False)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=32, blank=True)
    sealed_decision = models.BinaryField(null=True)

    def __str__(self) -> str:
        return self.code
