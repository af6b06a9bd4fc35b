"""Addresses of the course of a case: codes only."""

from django.urls import path

from amana.protection import views

app_name = "protection"
urlpatterns = [
    path("work/", views.worklist, name="worklist"),
    path("cases/<str:code>/course", views.course, name="course"),
    path("cases/<str:code>/course/<int:number>/strike", views.strike, name="strike"),
    path("cases/<str:code>/sheets/", views.sheet_list, name="sheets"),
    path("cases/<str:code>/sheets/<str:sheet>", views.sheet, name="sheet"),
]
