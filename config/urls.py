"""Every route. What needs no sign-in is listed in config/exempt.py."""

from django.urls import include, path

from config.health import health
from config.navigation import first_page

urlpatterns = [
    path("", first_page, name="first_page"),
    path("health/", health, name="health"),
    path("", include("reviews.urls")),
    path("", include("engage.urls")),
    path("api/v1/", include("reviews.api.urls")),
    path("api/v1/", include("engage.api_urls")),
]
