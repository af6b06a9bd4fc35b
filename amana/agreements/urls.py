"""The addresses of the register."""

from django.urls import path

from amana.agreements import views

app_name = "agreements"
urlpatterns = [
    path("agreements/", views.agreement_list, name="list"),
    path("agreements/<slug:name>/", views.agreement, name="agreement"),
    path("agreements/<slug:name>/note", views.note, name="note"),
    path("agreements/<slug:name>/steps/<int:number>/confirm", views.confirm, name="confirm"),
    path("agreements/<slug:name>/steps/<int:number>/decline", views.decline, name="decline"),
]
