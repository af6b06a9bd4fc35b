"""What the page of a case shows of its course, without knowing how it is kept."""

from collections.abc import Mapping
from typing import Any

from django import template

from amana.protection.views import duties

register = template.Library()


@register.inclusion_tag("protection/_next.html", takes_context=True)
def next_duty(context: Mapping[str, Any], case: Any) -> dict[str, Any]:  # noqa: ANN401 - a case
    """Show what is owed first in a case, by when and why, to who reads its course."""
    request = context["request"]
    return {"case": case, "next": duties.next_of(request.actor, case, request.now)}
