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
    path("cases/<str:code>/part/<str:part>/attach", views.attach, name="attach"),
    path("cases/<str:code>/files/<str:attachment>", views.file, name="file"),
    path("cases/<str:code>/erase", views.erase, name="erase"),
    path("erasures/", views.erasures, name="erasures"),
    path("erasures/<str:code>/approve", views.erasure_approve, name="erasure-approve"),
    path("erasures/<str:code>/decline", views.erasure_decline, name="erasure-decline"),
    path("cases/<str:code>/people", views.people, name="people"),
    path("cases/<str:code>/people/involve", views.involve, name="involve"),
    path("cases/<str:code>/people/release/<str:team>", views.release, name="release"),
    path("cases/<str:code>/people/assign", views.assign, name="assign"),
    path("cases/<str:code>/conflict", views.conflict, name="conflict"),
    path("cases/<str:code>/openings", views.openings, name="openings"),
    path("cases/<str:code>/report", views.report, name="report"),
    path("glass/", views.glass_list, name="glass"),
    path("glass/<str:glass>/approve", views.glass_approve, name="glass-approve"),
    path("glass/<str:glass>/open", views.glass_open, name="glass-open"),
    path("cases/<str:code>/consent", views.consent, name="consent"),
    path("consents/<int:consent>/withdraw", views.withdraw, name="withdraw"),
    path("grounds/", views.grounds, name="grounds"),
    path("grounds/<int:consent>/confirm", views.confirm, name="confirm"),
]
