"""Addresses of the case: codes only."""

from django.urls import path

from amana.cases import views

app_name = "cases"
urlpatterns = [
    path("cases/", views.case_list, name="list"),
    path("cases/open/<str:screening>", views.open_, name="open"),
    path("cases/<str:code>/", views.case, name="case"),
    path("cases/<str:code>/part/<str:part>", views.compartment, name="compartment"),
    path("cases/<str:code>/part/<str:part>/write", views.write, name="write"),
    path("cases/<str:code>/consent", views.consent, name="consent"),
    path("consents/<int:consent>/withdraw", views.withdraw, name="withdraw"),
    path("grounds/", views.grounds, name="grounds"),
    path("grounds/<int:consent>/confirm", views.confirm, name="confirm"),
]
