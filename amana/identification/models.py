"""Drafts, screenings, formal decisions. What was answered and decided lies here only sealed."""

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
    """A finished screening: sealed to the care team, proposed by the rules, decided by a person.

    `follows` names the screening that an interview or a new screening of the same person goes on
    from. `differs` says that the decision is another than the reading; it is counted.
    `is_unfinished` says that it came from a phone whose work broke off.
    """

    code = models.CharField(max_length=12, primary_key=True)
    submission = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True)
    follows = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="later")
    received_at = models.DateTimeField()
    age_band = models.CharField(max_length=10)
    sex = models.CharField(max_length=10)
    tier = models.CharField(max_length=10)
    is_historical = models.BooleanField(default=False)
    is_unfinished = models.BooleanField(default=False)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=32, blank=True)
    differs = models.BooleanField(null=True)
    sealed_decision = models.BinaryField(null=True)

    def __str__(self) -> str:
        return self.code


class FormalStep(models.Model):
    """One step of the formal identification by an authority: asked, decided, contested, reviewed.

    Rows are only added. Even which step it is lies sealed, under the key of the screening.
    """

    id = models.CharField(max_length=32, primary_key=True)
    screening = models.ForeignKey(Screening, on_delete=models.CASCADE)
    number = models.PositiveSmallIntegerField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=32)
    sealed = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("screening", "number"), name="one_step_after_another"),
        )

    def __str__(self) -> str:
        return self.id[:8]
