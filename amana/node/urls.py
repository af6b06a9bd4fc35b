"""The root of all addresses."""

from django.urls import include, path
from django.views.i18n import set_language

from amana.node.reports import csp_report

urlpatterns = [
    path("csp-report", csp_report, name="csp-report"),
    path("language", set_language, name="set_language"),
    path("", include("amana.desk.urls")),
    path("", include("amana.access.urls")),
    path("", include("amana.agreements.urls")),
    path("", include("amana.exchange.urls")),
    path("", include("amana.identification.urls")),
    path("", include("amana.field.urls")),
    path("", include("amana.cases.urls")),
    path("", include("amana.search.urls")),
    path("", include("amana.protection.urls")),
    path("", include("amana.shelters.urls")),
    path("", include("amana.referrals.urls")),
    path("", include("amana.letters.urls")),
    path("", include("amana.watch.urls")),
    path("", include("amana.knowledge.urls")),
]

handler404 = "amana.node.errors.missing"
handler500 = "amana.node.errors.broken"
