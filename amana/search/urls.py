"""The search's address."""

from django.urls import path

from amana.search import views

app_name = "search"
urlpatterns = [path("search/", views.search, name="search")]
