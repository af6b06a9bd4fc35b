"""The door's addresses."""

from django.urls import path

from amana.access import views

app_name = "access"
urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("step-up", views.step_up, name="step-up"),
    path("notices/<int:notice>/seen", views.notice, name="notice"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("sign-out/quick", views.quick_exit, name="quick-exit"),
]
