"""What is kept in clear of a case's course: a moment. All else lies sealed in its parts."""

from django.db import models

from amana.cases.models import Case


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
