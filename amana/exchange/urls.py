"""Where other nodes knock."""

from django.urls import path

from amana.exchange import pages, views

app_name = "exchange"
urlpatterns = [
    path("exchange/messages", views.messages, name="messages"),
    path("desks/", pages.desks, name="desks"),
    path("desks/key/renew", pages.renew_key, name="renew-key"),
    path("desks/roots/", pages.roots, name="roots"),
    path("desks/roots/bring", pages.bring, name="bring-root"),
    path("desks/roots/compare", pages.compare, name="compare-root"),
    path("desks/holidays/", pages.holidays, name="holidays"),
    path("desks/holidays/say", pages.say_holiday, name="say-holiday"),
    path("exchange/checkpoints", views.checkpoints, name="checkpoints"),
    path("exchange/directory", views.directory, name="directory"),
    path("exchange/receipts", views.receipts, name="receipts"),
]
