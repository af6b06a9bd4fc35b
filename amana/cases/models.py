"""The case and what belongs to it. In clear: codes, dates, age band, sex, countries.

All else lies sealed.
"""

from typing import ClassVar

from django.db import models

from amana.identification.models import Screening


class Case(models.Model):
    """One person under protection, known outside the sealed compartments by a code alone."""

    code = models.CharField(max_length=12, primary_key=True)
    # A social file ("care") and a police file are two files; nothing in clear leads from one to
    # the other.
    file = models.CharField(max_length=8, default="care")
    team = models.CharField(max_length=20)
    # Who cares for the person; empty until somebody of the team takes it.
    worker = models.CharField(max_length=32, blank=True)
    # Of a police file: the digest of the receipt that the reporting worker keeps.
    receipt = models.CharField(max_length=64, blank=True)
    opened_at = models.DateTimeField()
    origin = models.CharField(max_length=12)
    screening = models.OneToOneField(Screening, on_delete=models.PROTECT, null=True)
    age_band = models.CharField(max_length=10)
    sex = models.CharField(max_length=10)
    tier = models.CharField(max_length=10)
    citizenship = models.CharField(max_length=2, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=("worker",), name="cases_of_a_worker")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(origin__in=("screening", "historical", "referral", "report")),
                name="case_has_a_known_origin",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_historical(self) -> bool:
        """Say whether this is a de-identified record of the past."""
        return self.origin == "historical"


class Compartment(models.Model):
    """One sealed part of a case, under a key of its own. `serial` counts what was only added."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    name = models.CharField(max_length=24)
    serial = models.PositiveIntegerField(default=1)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()
    version = models.PositiveIntegerField(default=1)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("case", "name", "serial"), name="one_compartment_per_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.case_id}"


class Card(models.Model):
    """What may be searched of a person, sealed to the case's team under a week's layer.

    It is a wrapped key of its own kind: gone with its row here, with its epoch in every backup.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    team = models.CharField(max_length=20)
    key_id = models.CharField(max_length=32, db_index=True)
    epoch = models.PositiveIntegerField(db_index=True)
    wrapped = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("case", "team"), name="one_card_a_team"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("team", "id"), name="cards_of_a_team"),
            models.Index(fields=("team", "epoch", "id"), name="cards_of_a_week"),
        ]

    def __str__(self) -> str:
        return f"card of {self.case_id}"


class MatchToken(models.Model):
    """The keeper's blind answer to one token of a person: equal for equal facts, else noise."""

    # Gone with its card, also out of a restored backup.
    card = models.ForeignKey(Card, on_delete=models.CASCADE)
    output = models.BinaryField(db_index=True)

    def __str__(self) -> str:
        return f"token of card {self.card_id}"


class Involved(models.Model):
    """A team that works on a case: the parts that its kind may open are wrapped to it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    team = models.CharField(max_length=20)
    since = models.DateTimeField()
    by = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("case", "team"), name="involved_once"),
        ]

    def __str__(self) -> str:
        return f"{self.team} in {self.case_id}"


class Conflict(models.Model):
    """A person who knows the person of a case: it is not there for her, whatever her key opens."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    account = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("case", "account"), name="one_conflict_a_person"),
        ]

    def __str__(self) -> str:
        return f"conflict in {self.case_id}"


class Opening(models.Model):
    """One sealed part, opened by one person for a reason: the list that the person may be given."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    part = models.CharField(max_length=24)
    account = models.CharField(max_length=32)
    reason = models.CharField(max_length=30)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.part} of {self.case_id} opened"


class Attachment(models.Model):
    """A file of one part of a case. Its key, its name and its caption lie sealed under the part's.

    The copy that is shown and the original that is kept as evidence are two sealed files of the
    node's media folder, named after this row.
    """

    id = models.CharField(max_length=32, primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    part = models.CharField(max_length=24)
    key_id = models.CharField(max_length=32)
    kind = models.CharField(max_length=4)
    media_type = models.CharField(max_length=40)
    # In bytes, of the copy and of the original.
    size = models.PositiveIntegerField()
    original_size = models.PositiveIntegerField()
    sealed = models.BinaryField()
    attached_at = models.DateTimeField()
    attached_by = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.id[:8]


class Erasure(models.Model):
    """Two people's decision that a case goes, and when it went. It outlives the case: no person."""

    code = models.CharField(max_length=12, primary_key=True)
    # Whose case it was: its supervisors may read the certificate.
    team = models.CharField(max_length=20)
    reason = models.CharField(max_length=30)
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    approved_by = models.CharField(max_length=32, blank=True)
    approved_at = models.DateTimeField(null=True)
    # Gone here since, and out of every backup from.
    live_at = models.DateTimeField(null=True)
    backups_until = models.DateTimeField(null=True)
    # How many rows of each kind went.
    counts = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(approved_by=models.F("asked_by")), name="erasure_takes_two"
            ),
            models.CheckConstraint(
                condition=models.Q(live_at=None) | ~models.Q(approved_by=""),
                name="nothing_is_erased_unapproved",
            ),
        ]

    def __str__(self) -> str:
        return f"erasure of {self.code}"


class Glass(models.Model):
    """Two supervisors' signed word to open one part of one case for 24 hours."""

    id = models.CharField(max_length=32, primary_key=True)
    part = models.ForeignKey(Compartment, on_delete=models.CASCADE)
    reason = models.CharField(max_length=30)
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    asked_signature = models.BinaryField()
    approved_by = models.CharField(max_length=32, blank=True)
    approved_at = models.DateTimeField(null=True)
    approved_signature = models.BinaryField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(approved_by=models.F("asked_by")), name="glass_takes_two"
            ),
        ]

    def __str__(self) -> str:
        return self.id[:8]


class Milestone(models.Model):
    """Something that happened in a case, as a coded kind and a moment."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.CharField(max_length=32, blank=True)
    reference = models.CharField(max_length=32, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} of {self.case_id}"


class Consent(models.Model):
    """What a person answered for one purpose and one recipient, or the ground that stands instead.

    A no is a row like a yes: the question was asked. Who explained, in which language, how it was
    given, what it covers and which of it was taken back lies sealed.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    purpose = models.CharField(max_length=30)
    answer = models.CharField(max_length=8, default="YES")
    # To whom: a country, or the kind of a team here; a body in words lies sealed.
    country = models.CharField(max_length=2, blank=True)
    service = models.CharField(max_length=20, blank=True)
    is_ground = models.BooleanField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=32)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=32, blank=True)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    # When the person was told of a ground that was used without asking.
    informed_at = models.DateTimeField(null=True)
    informed_by = models.CharField(max_length=32, blank=True)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(confirmed_by=models.F("recorded_by"))
                | models.Q(confirmed_by=""),
                name="a_ground_takes_two_persons",
            ),
            models.CheckConstraint(
                condition=models.Q(answer__in=("YES", "NO", "LATER")), name="consent_is_an_answer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.answer}"
