"""Where everything is: pages for people, feeds, and the API."""

from django.urls import include, path, re_path

from engage.sandbox import api, feeds, views

api_urls = [
    path("boards/", api.boards),
    path("boards/<slug:slug>/", api.board),
    path("boards/<slug:slug>/threads/", api.threads),
    path("boards/<slug:slug>/changes/", api.changes),
    path("boards/<slug:slug>/posts/", api.posts),
    path("threads/<int:thread_id>/", api.thread),
    path("threads/<int:thread_id>/posts/", api.replies),
    path("posts/<int:post_id>/", api.post),
    re_path(r"^posts/(?P<post_id>\d+)/(?P<verdict>approve|show|hide)/$", api.moderation),
    path("faults/", api.fault_list),
]

urlpatterns = [
    path("", views.front, name="front"),
    path("b/<slug:slug>/", views.board, name="board"),
    path("b/<slug:slug>/feed.rss", feeds.rss, name="rss"),
    path("b/<slug:slug>/feed.atom", feeds.atom, name="atom"),
    path("t/<int:thread_id>/", views.thread, name="thread"),
    path("health/", views.health),
    path("api/", include(api_urls)),
]
handler404 = "engage.sandbox.views.not_found"
