"""Threads of their own, and letters that were prepared. What they say lies here only sealed."""

from django.db import models

from amana.cases.models import Case
from amana.referrals.models import Referral


class Thread(models.Model):
    """A conversation with one country that belongs to no referral: an alert, a group, a route."""

    id = models.CharField(max_length=32, primary_key=True)
    code = models.CharField(max_length=12, unique=True)
    is_ours = models.BooleanField()
    country = models.CharField(max_length=2)
    topic = models.CharField(max_length=40)
    tier = models.CharField(max_length=10)
    case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True)
    begun_at = models.DateTimeField()
    key_id = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.code


class Draft(models.Model):
    """A letter that was written and waits for the desk; its words go once it left."""

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=40)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, null=True)
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, null=True)
    in_reply_to = models.CharField(max_length=32, blank=True)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField(null=True)
    needs_second = models.BooleanField()
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=32)
    agreed_at = models.DateTimeField(null=True)
    agreed_by = models.CharField(max_length=32, blank=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=32, blank=True)
    returned_at = models.DateTimeField(null=True)
    mid = models.CharField(max_length=32, blank=True)

    def __str__(self) -> str:
        return self.pk

    @property
    def is_over(self) -> bool:
        """Say whether it left or was given back."""
        return self.released_at is not None or self.returned_at is not None
