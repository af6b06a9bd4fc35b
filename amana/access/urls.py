"""The door's addresses."""

from django.urls import path

from amana.access.views import door, people, recovery, ways

app_name = "access"
urlpatterns = [
    path("sign-in", door.sign_in, name="sign-in"),
    path("sign-in/passkey", door.sign_in_by_passkey, name="sign-in-passkey"),
    path("step-up", door.step_up, name="step-up"),
    path("step-up/passkey", door.step_up_by_passkey, name="step-up-passkey"),
    path("notices/<int:notice>/seen", door.notice, name="notice"),
    path("sign-out", door.sign_out, name="sign-out"),
    path("sign-out/quick", door.quick_exit, name="quick-exit"),
    path("me/locks", ways.locks, name="locks"),
    path("me/locks/passkey", ways.add_passkey, name="add-passkey"),
    path("me/locks/<int:lock>", ways.lock, name="lock"),
    path("me/password", ways.password, name="password"),
    path("me/phone", ways.phone, name="phone"),
    path("recover", recovery.ask, name="recover"),
    path("recover/finish", recovery.finish, name="recover-finish"),
    path("recoveries", recovery.recoveries, name="recoveries"),
    path("recoveries/<str:recovery>/approve", recovery.approve, name="approve-recovery"),
    path("recoveries/<str:recovery>/stop", recovery.stop, name="stop-recovery"),
    path("officers/<str:account>", recovery.make_officer, name="make-officer"),
    path("team", people.team, name="team"),
    path("team/<str:team>/admit/<str:account>", people.admit, name="admit"),
    path("accounts/new", people.new_account, name="new-account"),
]
