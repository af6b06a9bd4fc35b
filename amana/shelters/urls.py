"""Addresses of the search for a bed: codes only, and never where a house stands."""

from django.urls import path

from amana.shelters import views

app_name = "shelters"
urlpatterns = [
    path("operations/<str:code>/beds/", views.group, name="group"),
    path("operations/<str:code>/beds/lists", views.manifest, name="manifest"),
    path("operations/<str:code>/beds/situation", views.situation, name="situation"),
    path("beds/groups/<str:code>/", views.group_asked, name="group-asked"),
    path("beds/", views.places, name="places"),
    path("beds/houses/new", views.new_house, name="new-house"),
    path("beds/houses/<str:code>/", views.house, name="house"),
    path("beds/houses/<str:code>/change", views.change_house, name="change-house"),
    path("beds/houses/<str:code>/log", views.log, name="log"),
    path("beds/complaint", views.complaint, name="complaint"),
    path("beds/reports/", views.reports, name="reports"),
    path("beds/hsds.json", views.hsds, name="hsds"),
    path("beds/figures/", views.figures, name="figures"),
    path("beds/rooms/<int:number>/count", views.count, name="count"),
    path("beds/asks/<int:number>/answer", views.answer, name="answer"),
    path("beds/asks/<int:number>/take", views.take, name="take"),
    path("beds/asks/<int:number>/decline", views.decline, name="decline"),
    path("beds/stays/", views.stays, name="stays"),
    path("beds/stays/<str:code>/", views.stay, name="stay"),
    path("beds/stays/<str:code>/end", views.end, name="end"),
    path("beds/stays/<str:code>/missing", views.missing, name="missing"),
    path("beds/stays/<str:code>/exit", views.exit_sheet, name="exit"),
    path("beds/raised/", views.raised, name="raised"),
    path("beds/way/<str:code>", views.way, name="way"),
    path("cases/<str:code>/bed/", views.bed, name="bed"),
    path("cases/<str:code>/bed/ask", views.ask, name="ask"),
    path("cases/<str:code>/bed/climb", views.climb, name="climb"),
    path("cases/<str:code>/bed/withdraw", views.withdraw, name="withdraw"),
    path("cases/<str:code>/apart", views.apart, name="apart"),
]
