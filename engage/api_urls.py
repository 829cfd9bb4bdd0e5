"""Routes of the API of the engage package, version 1."""

from django.urls import path

from engage.api import ConfirmView, PostsView, SignedPushView

urlpatterns = [
    path("posts/", PostsView.as_view(), name="api_posts"),
    path("push/<slug:slug>/", SignedPushView.as_view(), name="api_push"),
    path("reviews/<uuid:review_id>/confirm/", ConfirmView.as_view(), name="api_confirm"),
]
