"""Addresses of figures: what is published is open to everybody, counting to statisticians."""

from django.urls import path

from amana.knowledge import views

app_name = "knowledge"
urlpatterns = [
    path("data/", views.published, name="published"),
    path("data/flows/", views.flows, name="flows"),
    path("data/corridor/", views.between, name="corridor"),
    path("data/needs/", views.needed, name="needs"),
    path("data/count/", views.count, name="count"),
    path("data/publish", views.publish, name="publish"),
    path("data/<str:series>/<int:version>/", views.table, name="table"),
    path("data/<str:series>/<int:version>/again", views.again, name="again"),
    path("data/<str:series>/<int:version>/<str:form>", views.take, name="take"),
]
