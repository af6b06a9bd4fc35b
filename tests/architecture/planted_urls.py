"""The node's addresses, with two that nobody placed and a public one that falls over."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from amana.node import urls
from tests.cast import PASSWORD


def open_door(request: HttpRequest) -> HttpResponse:
    """Answer whoever comes; the access table does not know this page."""
    return HttpResponse("here lies a file")


def fall(request: HttpRequest) -> HttpResponse:
    """Fail, with something that a person typed in the message."""
    raise RuntimeError(PASSWORD)


urlpatterns = [
    path("planted/<str:code>/", open_door, name="planted"),
    path("nameless/", open_door),
    path("falling/", fall, name="set_language"),
    *urls.urlpatterns,
]
handler404, handler500 = urls.handler404, urls.handler500
