"""Where other nodes knock."""

from django.urls import path

from amana.exchange import views

app_name = "exchange"
urlpatterns = [
    path("exchange/messages", views.messages, name="messages"),
    path("exchange/checkpoints", views.checkpoints, name="checkpoints"),
    path("exchange/directory", views.directory, name="directory"),
    path("exchange/receipts", views.receipts, name="receipts"),
]
