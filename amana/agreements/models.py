"""The register: steps that somebody noted, and the second person's word on each. Only added to."""

from django.db import models


class Step(models.Model):
    """Something that happened to an agreement, as one person noted it. It counts once confirmed."""

    agreement = models.CharField(max_length=40, db_index=True)
    version = models.CharField(max_length=10)
    kind = models.CharField(max_length=12)
    on = models.DateField()
    reason = models.CharField(max_length=20)
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.agreement}: {self.kind}"


class Word(models.Model):
    """The second person's word on a step: it counts, or it is set aside."""

    step = models.OneToOneField(Step, on_delete=models.CASCADE, primary_key=True)
    is_yes = models.BooleanField()
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.step_id}: {'yes' if self.is_yes else 'no'}"
