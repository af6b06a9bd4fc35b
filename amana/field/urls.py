"""Addresses of the field app and of what phones send."""

from django.urls import path

from amana.field import views

app_name = "field"
urlpatterns = [
    # The phone: public, without a session.
    path("field/", views.shell, name="shell"),
    path("field/enrol", views.enrol, name="enrol"),
    path("field/in", views.arrive, name="arrive"),
    path("field/leave", views.leave, name="leave"),
    path("field/audio.json", views.recorded, name="recorded"),
    path(
        "field/audio/<slug:spoken>/<slug:instrument>/<slug:question>",
        views.recording,
        name="recording",
    ),
    # The people of the node.
    path("phones/", views.phones, name="phones"),
    path("phones/<str:device>/withdraw", views.withdraw, name="withdraw"),
    path("phones/unit/<str:team>/resuming", views.resuming, name="resuming"),
    path("arrivals/", views.arrivals, name="arrivals"),
    path("arrivals/open", views.open_waiting, name="open"),
    path("arrivals/bring", views.bring, name="bring"),
    path("arrivals/apart/<int:item>", views.open_apart, name="open-apart"),
    path("arrivals/<str:record>/", views.record, name="record"),
    path("arrivals/<str:record>/choose", views.choose, name="choose"),
    path("arrivals/<str:record>/apart", views.take_apart, name="take-apart"),
    # Many people at once.
    path("operations/", views.operations, name="operations"),
    path("operations/new", views.new_operation, name="new-operation"),
    path("operations/<str:code>/", views.operation, name="operation"),
    path("operations/<str:code>/wristbands.pdf", views.wristbands, name="wristbands"),
    path("operations/<str:code>/more", views.more_wristbands, name="more-wristbands"),
    path("operations/<str:code>/end", views.end_operation, name="end-operation"),
    # Last: everything else under the phone's address is a file of the app, or nothing.
    path("field/<path:name>", views.shell, name="file"),
]
