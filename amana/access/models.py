"""Accounts, teams, and every key in its wrapped form. Nothing here opens anything by itself."""

from typing import ClassVar

from django.db import models


class Team(models.Model):
    """People who hold one key together: what is sealed to `recipient`, each member opens."""

    code = models.CharField(max_length=20, primary_key=True)
    address = models.CharField(max_length=120, unique=True)
    recipient = models.BinaryField()
    signer = models.BinaryField()

    def __str__(self) -> str:
        return self.code


class Account(models.Model):
    """A person with a mandate. The seed opens only with the password's key; no password hash."""

    id = models.CharField(max_length=32, primary_key=True)
    sign_in_name = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=3)
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    salt = models.BinaryField()
    cost = models.JSONField()
    verifier = models.BinaryField()
    sealed_seed = models.BinaryField()
    recipient = models.BinaryField()

    def __str__(self) -> str:
        return self.sign_in_name


class Membership(models.Model):
    """A team's seed, wrapped to one member."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    wrapped_seed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("team", "account"), name="member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.team_id}"


class KeyWrap(models.Model):
    """One key (of a compartment, a screening, a referral), wrapped to one team."""

    key_id = models.CharField(max_length=32)
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    wrapped = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("key_id", "team"), name="wrapped_once_per_team"),
        ]

    def __str__(self) -> str:
        return f"{self.key_id} for {self.team_id}"


class Session(models.Model):
    """A sign-in. The user's seed lies here under a key that only the cookie gives."""

    id = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    sealed_seed = models.BinaryField()

    def __str__(self) -> str:
        return self.id[:8]


class Failure(models.Model):
    """A failed sign-in, kept only to slow the next: a digest of the name or of the address."""

    subject = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.subject[:8]
