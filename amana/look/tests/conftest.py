"""Just enough settings to draw templates when the project has not set its own."""

import os

import django
from django.conf import settings

if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
    settings.configure(
        INSTALLED_APPS=["django.forms", "django.contrib.staticfiles", "amana.look"],
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        FORM_RENDERER="amana.look.forms.LookRenderer",
        STATIC_URL="static/",
        USE_TZ=True,
        TIME_ZONE="Africa/Abidjan",
        LANGUAGES=[("fr", "Français"), ("ar", "العربية"), ("en", "English")],
    )
    django.setup()
