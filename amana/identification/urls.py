"""Addresses of the screening. They hold codes and numbers, never a word about a person."""

from django.urls import path

from amana.identification import views

app_name = "identification"
urlpatterns = [
    path("screen/", views.start, name="start"),
    path("screen/begin/<slug:name>", views.begin, name="begin"),
    path("screen/typed/<slug:name>", views.typed, name="typed"),
    path("screen/bring", views.bring, name="bring"),
    path("screen/sent/<str:code>", views.sent, name="sent"),
    path("screen/<str:draft>/at/<str:page>", views.page, name="page"),
    path("screen/<str:draft>/skip/<str:section>", views.skip, name="skip"),
    path(
        "screen/<str:draft>/remove/<str:section>/<int:number>",
        views.remove_entry,
        name="remove-entry",
    ),
    path("screen/<str:draft>/review", views.review, name="review"),
    path("screen/<str:draft>/discard", views.discard, name="discard"),
    path("screenings/", views.waiting, name="waiting"),
    path("screenings/<str:code>/", views.screening, name="screening"),
    path("screenings/<str:code>/decide", views.decide, name="decide"),
    path("screenings/<str:code>/interview", views.interview, name="interview"),
    path("screenings/<str:code>/again", views.again, name="again"),
    path("screenings/<str:code>/formal", views.formal, name="formal"),
    path("instruments/", views.instruments, name="instruments"),
    path("instruments/<slug:name>/<str:version>/<str:spoken>.pdf", views.form, name="form"),
    path(
        "instruments/<slug:name>/<str:version>/<str:spoken>.json",
        views.instrument,
        name="instrument",
    ),
]
