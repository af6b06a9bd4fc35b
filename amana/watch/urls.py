"""Addresses of who waits for whom: codes only."""

from django.urls import path

from amana.watch import views

app_name = "watch"
urlpatterns = [
    path("watch/", views.now, name="now"),
    path("watch/silence/<str:code>/", views.silence, name="silence"),
    path("watch/silence/<str:code>/call", views.call, name="call"),
    path("watch/silence/<str:code>/plan", views.plan, name="plan"),
    path("watch/ask", views.ask, name="ask"),
    path("watch/pings/<str:conversation>/answer", views.answer, name="answer"),
    path("watch/report/", views.report, name="report"),
    path("watch/report/table", views.take_out, name="take-out"),
    path("duty/", views.duty, name="duty"),
    path("duty/plan", views.plan_duty, name="plan-duty"),
    path("duty/<int:number>/drop", views.drop_duty, name="drop-duty"),
]
