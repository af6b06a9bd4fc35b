"""Addresses of the screening. They hold codes and numbers, never a word about a person."""

from django.urls import path

from amana.identification import views

app_name = "identification"
urlpatterns = [
    path("screen/", views.start, name="start"),
    path("screen/<str:draft>/danger", views.danger, name="danger"),
    path("screen/<str:draft>/person", views.person, name="person"),
    path("screen/<str:draft>/question/<int:number>", views.question, name="question"),
    path("screen/<str:draft>/review", views.review, name="review"),
    path("screen/<str:draft>/discard", views.discard, name="discard"),
    path("screen/sent/<str:code>", views.sent, name="sent"),
    path("screenings/", views.waiting, name="waiting"),
    path("screenings/<str:code>/", views.screening, name="screening"),
    path("screenings/<str:code>/decide", views.decide, name="decide"),
]
