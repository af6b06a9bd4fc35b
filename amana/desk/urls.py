"""Addresses of the face."""

from django.urls import path

from amana.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("figures/", views.figures, name="figures"),
    path("node/", views.node, name="node"),
    path("node/accounts/<str:account>", views.account, name="account"),
    path("node/accounts/<str:account>/close", views.close_account, name="close-account"),
]
