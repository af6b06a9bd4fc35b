"""What is kept in clear of a case's course: a moment, its papers' numbers, how a list is kept."""

from django.db import models

from amana.cases.models import Case, Compartment


class Due(models.Model):
    """When the next duty of a case falls due. Which one, the sealed headline of the case says.

    A list of ten thousand cases is put in order by the moment alone; nothing in it says why.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True)
    team = models.CharField(max_length=20)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("team", "due_at"), name="next_duties_of_a_team"),)

    def __str__(self) -> str:
        return f"next duty of {self.case_id}"


class IssuedPaper(models.Model):
    """A paper that left this desk. Which kind it is, in which language, its words: sealed.

    In clear stands what a stranger who holds the paper may be told. The digest is salted, and the
    salt lies with the words: the fixed texts are public, and an unsalted digest would name them.
    """

    number = models.CharField(max_length=12, primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    sealed_in = models.OneToOneField(Compartment, on_delete=models.CASCADE)
    day = models.DateField()
    digest = models.BinaryField(max_length=32)
    account = models.CharField(max_length=32)
    # Since when a later paper of its kind and language stands in its place.
    replaced_on = models.DateField(null=True)
    # Since when it stands no more. Who took it back and why lies sealed beside its words.
    withdrawn_on = models.DateField(null=True)

    def __str__(self) -> str:
        return self.number


class SavedFilter(models.Model):
    """Which cases somebody likes to see in her list: codes alone, and so no name of its own."""

    account = models.CharField(max_length=32)
    tier = models.CharField(max_length=10, blank=True)
    whose = models.CharField(max_length=32, blank=True)
    due = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("account", "tier", "whose", "due"), name="one_filter_of_a_kind"
            ),
        )

    def __str__(self) -> str:
        return f"filter of {self.account}"
