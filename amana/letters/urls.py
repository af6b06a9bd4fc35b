"""Addresses of letters: codes and numbers only."""

from django.urls import path

from amana.letters import views

app_name = "letters"
urlpatterns = [
    path("letters/", views.tray, name="tray"),
    path("letters/new/<str:kind>", views.begin, name="begin"),
    path("letters/prepared/<str:draft_id>/", views.draft, name="draft"),
    path("letters/prepared/<str:draft_id>/agree", views.agree, name="agree"),
    path("letters/prepared/<str:draft_id>/release", views.release, name="release"),
    path("letters/prepared/<str:draft_id>/return", views.give_back, name="return"),
    path("letters/<str:code>/", views.conversation, name="conversation"),
    path("letters/<str:code>/write/<str:kind>", views.write, name="write"),
    path("letters/<str:code>/hand-on", views.hand_on, name="hand-on"),
    path("letters/<str:code>/<str:mid>/unit", views.unit_part, name="unit"),
    path("letters/<str:code>/<str:mid>/say/<str:kind>", views.answer, name="answer"),
]
