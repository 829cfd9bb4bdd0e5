"""Routes of the API, version 1."""

from django.urls import path

from engage.api import PostsView

urlpatterns = [path("posts/", PostsView.as_view(), name="api_posts")]
