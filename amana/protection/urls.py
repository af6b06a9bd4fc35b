"""Addresses of the course of a case and its papers: codes only."""

from django.urls import path

from amana.protection import views

app_name = "protection"
urlpatterns = [
    path("work/", views.worklist, name="worklist"),
    path("work/filters", views.keep_filter, name="filters"),
    path("work/assign", views.assign, name="assign"),
    path("load/", views.load, name="load"),
    path("cases/<str:code>/course", views.course, name="course"),
    path("cases/<str:code>/course/<int:number>/strike", views.strike, name="strike"),
    path("cases/<str:code>/papers/", views.papers, name="papers"),
    path("cases/<str:code>/papers/<str:number>", views.print_, name="print"),
    path("cases/<str:code>/papers/<str:number>/withdraw", views.withdraw, name="withdraw"),
    path("cases/<str:code>/notes", views.notes, name="notes"),
    path("cases/<str:code>/history", views.history, name="history"),
    path("papers/check", views.check, name="check"),
    path("papers/find", views.find, name="find"),
    path("cases/<str:code>/sheets/", views.sheet_list, name="sheets"),
    path("cases/<str:code>/sheets/<str:sheet>", views.sheet, name="sheet"),
]
