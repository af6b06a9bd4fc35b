"""A referral: the thread between a case here and an answer there."""

from django.db import models

from amana.cases.models import Case


class Referral(models.Model):
    """One conversation with one country about one person. Its state is folded from the messages."""

    id = models.CharField(max_length=32, primary_key=True)
    code = models.CharField(max_length=12, unique=True)
    is_ours = models.BooleanField()
    country = models.CharField(max_length=2)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True)
    tier = models.CharField(max_length=10)
    age_band = models.CharField(max_length=10)
    sex = models.CharField(max_length=10)
    prepared_at = models.DateTimeField()
    prepared_by = models.CharField(max_length=32, blank=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=32, blank=True)
    returned_at = models.DateTimeField(null=True)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField(null=True)
    # The code of the case that was erased here; the row stays, to prove what was exchanged.
    erased_case = models.CharField(max_length=12, blank=True)
    # What the country that received it answered when asked to erase: since when, or why it keeps.
    erased_on = models.DateField(null=True)
    in_backups_until = models.DateField(null=True)
    kept_for = models.CharField(max_length=30, blank=True)
    # Of each request for a part, by its number: what went here when, what is kept and why. Codes
    # and dates; the desk's answer says them.
    parts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.code
