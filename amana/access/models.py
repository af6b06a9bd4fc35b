"""Accounts, teams, and every key in its wrapped form. Nothing here opens anything by itself."""

from typing import ClassVar

from django.db import models


class Team(models.Model):
    """People who hold one key together: what is sealed to `recipient`, each member opens.

    `kind` decides which sealed parts of a case may be wrapped to it at all.
    """

    code = models.CharField(max_length=20, primary_key=True)
    kind = models.CharField(max_length=12)
    institution = models.CharField(max_length=60)
    address = models.CharField(max_length=120, unique=True)
    recipient = models.BinaryField()
    signer = models.BinaryField()
    # What partners know of it, where the seed was renewed since: the country's root signed these.
    published_recipient = models.BinaryField(null=True)
    published_signer = models.BinaryField(null=True)
    # Set when a member left: the next one who signs in gives the team new keys.
    is_renewal_due = models.BooleanField(default=False)
    # How often the keys were renewed: who still holds older ones wraps nothing under them.
    generation = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.code


class Account(models.Model):
    """A person with a mandate. Her seed lies in her locks, and opens with one of them."""

    id = models.CharField(max_length=32, primary_key=True)
    sign_in_name = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=3)
    is_open = models.BooleanField(default=True)
    is_recovery_officer = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    recipient = models.BinaryField()
    signer = models.BinaryField()

    def __str__(self) -> str:
        return self.sign_in_name


class Lock(models.Model):
    """One way to an account's seed: a password with the keeper's half, or a passkey."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    kind = models.CharField(max_length=10)
    made_at = models.DateTimeField()
    sealed_seed = models.BinaryField()
    # Of a password:
    salt = models.BinaryField(null=True)
    cost = models.JSONField(null=True)
    # Of a passkey:
    credential_id = models.BinaryField(null=True)
    public_key = models.BinaryField(null=True)
    sign_count = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind="password", salt__isnull=False)
                | models.Q(kind="passkey", credential_id__isnull=False),
                name="lock_is_whole",
            ),
            models.UniqueConstraint(
                fields=("account",),
                condition=models.Q(kind="password"),
                name="one_password_an_account",
            ),
            models.UniqueConstraint(
                fields=("credential_id",),
                condition=models.Q(kind="passkey"),
                name="one_lock_a_passkey",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id}"


class Membership(models.Model):
    """A team's seed and data key, wrapped to one member."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    wrapped_keys = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("team", "account"), name="member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.team_id}"


class KeyWrap(models.Model):
    """One key (of a part, a screening, a message), wrapped to one team, under a week's layer.

    `form` is "team" (under the team's data key) or "hybrid" (to its public key, by whoever is no
    member). Epoch 0 is no layer: written while the keeper was away, enclosed as soon as it is back.
    """

    key_id = models.CharField(max_length=32)
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    form = models.CharField(max_length=6)
    epoch = models.PositiveIntegerField(db_index=True)
    wrapped = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("key_id", "team"), name="wrapped_once_per_team"),
        ]

    def __str__(self) -> str:
        return f"{self.key_id} for {self.team_id}"


class Erased(models.Model):
    """The erasure ledger: a key that must never open again, also not out of a restored backup."""

    key_id = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key_id


class Session(models.Model):
    """A sign-in. The seed and the keeper's ticket lie here under a key that only the cookie gives.

    `stepped_up_at` is when the person last showed that it is still she who sits there.
    """

    id = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    stepped_up_at = models.DateTimeField()
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return self.id[:8]


class Failure(models.Model):
    """A failure at a door, kept only to slow the next: a digest of the name or of the address."""

    subject = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.subject[:8]


class Spent(models.Model):
    """A passkey's challenge that was answered: it is answered once."""

    challenge = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.challenge[:8]


class RecoveryShare(models.Model):
    """One share of an account's seed, sealed to one recovery officer. One alone says nothing."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    officer = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    sealed = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("account", "officer"), name="one_share_an_officer"),
        ]

    def __str__(self) -> str:
        return f"share of {self.account_id}"


class Recovery(models.Model):
    """Somebody who lost every lock asks for her seed back; it waits a day and for two officers.

    The row is gone when it ended, however it ended; how it did stands in the record.
    """

    id = models.CharField(max_length=32, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    asked_at = models.DateTimeField()
    one_time_recipient = models.BinaryField()

    def __str__(self) -> str:
        return self.id[:8]


class RecoveryApproval(models.Model):
    """One officer's share, sealed anew to the key that only the person who asked holds."""

    recovery = models.ForeignKey(Recovery, on_delete=models.CASCADE)
    officer = models.ForeignKey(Account, on_delete=models.CASCADE)
    sealed = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("recovery", "officer"), name="one_approval_an_officer"),
        ]

    def __str__(self) -> str:
        return f"approval of {self.recovery_id}"


class Notice(models.Model):
    """Something a person must be told at her next page: a code and an opaque reference."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    kind = models.CharField(max_length=30)
    reference = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} for {self.account_id}"
