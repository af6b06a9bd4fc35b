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

    def __str__(self) -> str:
        return self.code
