"""The search page: codes come back, never a name."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from amana.access.request import Request
from amana.cases.queries import cases_among
from amana.search import client
from amana.search.forms import SearchForm
from amana.search.rules import Asked


@require_http_methods(["GET", "POST"])
def search(request: Request) -> HttpResponse:
    """Ask by name. What is asked travels in the form's body and stands in no address."""
    form = SearchForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "cases": None, "is_away": False}
    if form.is_valid():
        given = form.cleaned_data
        question = Asked(given["name"], given["birth_year"], given["town"], given["sex"])
        cookie = bytes.fromhex(request.COOKIES[settings.SESSION_COOKIE])
        try:
            codes = client.find(Path(settings.SEARCH_FOLDER), cookie, question)
            # Looked up once more behind the gate: what changed a moment ago is not shown.
            context["cases"] = cases_among(request.actor, codes)
        except client.SearchGone:
            context["is_away"] = True
    status = 422 if form.errors else 200
    return render(request, "search/search.html", context, status=status)
