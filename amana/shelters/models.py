"""Houses, rooms, what was said of their beds, who asked for one, who has one, who drove there.

In clear: codes, counts, moments. Sealed: where a house stands, and what a request says of people.
"""

from typing import ClassVar

from django.db import models

from amana.cases.models import Case


class Shelter(models.Model):
    """A place of the network, known by a code and an alias. Where it stands lies sealed.

    `team` is who works there and alone holds the key of the address.
    """

    code = models.CharField(max_length=12, primary_key=True)
    alias = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    team = models.CharField(max_length=20)
    operator = models.CharField(max_length=80, blank=True)
    area = models.CharField(max_length=20)
    status = models.CharField(max_length=10, default="OPEN")
    licence_authority = models.CharField(max_length=80, blank=True)
    licence_number = models.CharField(max_length=40, blank=True)
    licence_valid_to = models.DateField(null=True)
    inspected_on = models.DateField(null=True)
    inspection_score = models.PositiveSmallIntegerField(null=True)
    inspection_findings = models.CharField(max_length=300, blank=True)
    has_safeguarding = models.BooleanField(default=False)
    staff_checked_percent = models.PositiveSmallIntegerField(default=0)
    security = models.PositiveSmallIntegerField(default=1)
    profiles = models.JSONField(default=list)
    languages = models.JSONField(default=list)
    night_languages = models.JSONField(default=list)
    services = models.JSONField(default=list)
    minutes = models.JSONField(default=dict)
    # For how many of those who sleep there one of the staff is awake at night.
    night_ratio = models.PositiveSmallIntegerField(null=True)
    # The house's own limit; it only shortens that of its kind.
    max_stay_days = models.PositiveSmallIntegerField(null=True)
    cost_per_day = models.PositiveIntegerField(null=True)
    intake_hours = models.CharField(max_length=60, blank=True)
    phone_policy = models.CharField(max_length=20, blank=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=32)
    key_id = models.CharField(max_length=32, blank=True)
    sealed = models.BinaryField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(security__range=(1, 3)), name="security_is_one_to_three"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Unit(models.Model):
    """A room or a dormitory of a house: the beds that stand in it by the newest claim."""

    shelter = models.ForeignKey(Shelter, on_delete=models.CASCADE, related_name="units")
    label = models.CharField(max_length=30)
    beds = models.PositiveSmallIntegerField()
    # Mattresses that can be laid out when nothing else is left.
    surge = models.PositiveSmallIntegerField(default=0)
    sex = models.CharField(max_length=3)
    ages = models.JSONField(default=list)
    is_one_party = models.BooleanField(default=False)
    is_step_free = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("shelter", "label"), name="one_unit_per_label"),
        ]

    def __str__(self) -> str:
        return f"{self.label} of {self.shelter_id}"


class Capacity(models.Model):
    """Somebody's word on how many beds a unit has: who said it, when. Only ever added to."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    beds = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"{self.beds} beds in {self.unit_id}"


class Count(models.Model):
    """The night staff's word on how many beds of a unit are free."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE)
    free = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=32)

    class Meta:
        indexes: ClassVar = [models.Index(fields=("unit", "-at"), name="newest_count_of_a_unit")]

    def __str__(self) -> str:
        return f"{self.free} free in {self.unit_id}"


class Request(models.Model):
    """People who belong together and need a bed. What each needs lies sealed to who asks."""

    id = models.CharField(max_length=32, primary_key=True)
    team = models.CharField(max_length=20)
    operation = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=10, default="OPEN")
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=32)
    placed_at = models.DateTimeField(null=True)
    uses_surge = models.BooleanField(default=False)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=("OPEN", "PLACED", "WITHDRAWN")),
                name="request_has_a_known_state",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=("team", "state"), name="requests_of_a_team")]

    def __str__(self) -> str:
        return self.id[:8]


class Member(models.Model):
    """A person for whom a bed is asked. Gone with her case."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="members")
    case = models.ForeignKey(Case, on_delete=models.CASCADE)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("request", "case"), name="asked_for_once_a_request"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} of {self.request_id}"


class Ask(models.Model):
    """One house, asked for one request: until when it is to answer, and what it said."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="asks")
    shelter = models.ForeignKey(Shelter, on_delete=models.CASCADE)
    state = models.CharField(max_length=10, default="OPEN")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=32)
    answer_due = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=32, blank=True)
    refusal = models.CharField(max_length=20, blank=True)
    hold_until = models.DateTimeField(null=True)
    # Why the unit did not take a bed that was held for it.
    declined = models.CharField(max_length=20, blank=True)
    escort = models.CharField(max_length=32, blank=True)
    # The room that a placement of many at once found for each, where it was one: case and room.
    plan = models.JSONField(default=dict)
    # What the house must know to answer; its key is erased when the house has no part in it.
    key_id = models.CharField(max_length=32, db_index=True)
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("request", "shelter"),
                condition=models.Q(state__in=("OPEN", "HELD", "CHOSEN")),
                name="a_house_is_asked_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=("request",),
                condition=models.Q(state="CHOSEN"),
                name="one_house_is_chosen_a_request",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id[:8]} at {self.shelter_id}"


class Stay(models.Model):
    """One person and one bed, from the hold to the exit. Two never have one bed, nor one two.

    The constraints decide who was first, whatever code comes to write here.
    """

    id = models.CharField(max_length=32, primary_key=True)
    ask = models.ForeignKey(Ask, on_delete=models.CASCADE, related_name="stays")
    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="stays")
    bed = models.PositiveSmallIntegerField()
    # Where a trans or intersex person is to sleep stands in the place of what a paper says.
    sex = models.CharField(max_length=10)
    state = models.CharField(max_length=10, default="HELD")
    held_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    exit_planned_on = models.DateField(null=True)
    # Who of the house looks after the person; an account.
    key_worker = models.CharField(max_length=32, blank=True)
    # What was asked at the door, sealed to the house and to the unit that leads the case. One
    # sheet belongs to one stay, and in the house's log every unit would read it.
    key_id = models.CharField(max_length=32, blank=True)
    sealed = models.BinaryField(null=True)
    ended_at = models.DateTimeField(null=True)
    exit = models.CharField(max_length=20, blank=True)
    # What came of it, where somebody disappeared or never arrived.
    settled = models.CharField(max_length=20, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("unit", "bed"),
                condition=models.Q(ended_at=None),
                name="one_person_a_bed",
            ),
            models.UniqueConstraint(
                fields=("case",),
                condition=models.Q(state="ADMITTED"),
                name="a_person_sleeps_in_one_bed",
            ),
            models.UniqueConstraint(
                fields=("case",),
                condition=models.Q(state__in=("ACCEPTED", "TRAVELLING")),
                name="a_person_is_on_her_way_to_one_bed",
            ),
            models.CheckConstraint(
                condition=models.Q(state="ENDED", ended_at__isnull=False)
                | models.Q(state__in=("HELD", "ACCEPTED", "TRAVELLING", "ADMITTED"), ended_at=None),
                name="a_stay_ends_once",
            ),
            models.CheckConstraint(condition=models.Q(bed__gte=1), name="beds_count_from_one"),
        ]

    def __str__(self) -> str:
        return self.id[:8]


class Transport(models.Model):
    """One way to one house, with an escort; after `until` nobody needs to know the way."""

    id = models.CharField(max_length=32, primary_key=True)
    ask = models.ForeignKey(Ask, on_delete=models.CASCADE)
    escort = models.CharField(max_length=32)
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=32)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.id[:8]


class ForEscort(models.Model):
    """The address once more, under a key of its own, wrapped to one escort for one transport.

    It lies under a week's layer like every wrap, and goes with the end of the transport.
    """

    key_id = models.CharField(max_length=32, unique=True)
    transport = models.OneToOneField(Transport, on_delete=models.CASCADE)
    epoch = models.PositiveIntegerField(db_index=True)
    wrapped = models.BinaryField()
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"way of {self.transport_id}"


class Incompatible(models.Model):
    """Two opaque codes that must not meet: a case and a house, or two cases. Why, nobody wrote."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    other = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = models.CharField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("case", "other"), name="incompatible_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} and {self.other}"


class Unmet(models.Model):
    """A step that was tried because nothing fitted: what was missing, for how many of whom.

    It names nobody and stays when its request is gone: what was not there must stay countable.
    """

    request = models.ForeignKey(Request, on_delete=models.SET_NULL, null=True)
    step = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.CharField(max_length=32)
    age_band = models.CharField(max_length=10)
    sex = models.CharField(max_length=10)
    n_people = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return self.step


class Note(models.Model):
    """A line of a house's log, or an incident. What happened lies sealed.

    An abuse by staff is sealed past the house: nobody who works there holds its key.
    """

    id = models.CharField(max_length=32, primary_key=True)
    shelter = models.ForeignKey(Shelter, on_delete=models.CASCADE)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True)
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.CharField(max_length=32)
    key_id = models.CharField(max_length=32)
    sealed = models.BinaryField()
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} at {self.shelter_id}"
