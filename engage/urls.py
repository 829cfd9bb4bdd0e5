"""Routes of threads, drafts, publications and history."""

from django.urls import path

from engage.views import (
    confirming,
    drafts,
    history,
    installation,
    no_replies,
    profiles,
    publications,
    signposts,
    stops,
    threads,
)

urlpatterns = [
    path("threads/", threads.inbox, name="inbox"),
    path("threads/<uuid:thread_id>/", threads.show, name="thread"),
    path("posts/<uuid:post_id>/reply/", drafts.start, name="start_draft"),
    path("posts/<uuid:post_id>/no-reply/", no_replies.decide, name="no_reply"),
    path("posts/<uuid:post_id>/signpost/", signposts.post, name="post_signpost"),
    path("signposts/", signposts.overview, name="signposts"),
    path("signposts/write/", signposts.write, name="write_signpost"),
    path("signposts/<uuid:signpost_id>/sign/", signposts.sign, name="sign_signpost"),
    path("signposts/<uuid:signpost_id>/retire/", signposts.retire, name="retire_signpost"),
    path("reviews/<uuid:review_id>/confirm/", confirming.confirm, name="confirm"),
    path("drafts/", drafts.mine, name="drafts"),
    path("drafts/<uuid:draft_id>/", drafts.write, name="draft"),
    path("drafts/<uuid:draft_id>/findings/", drafts.findings, name="draft_findings"),
    path("publications/", publications.overview, name="publications"),
    path("publications/stops/", stops.overview, name="stops"),
    path("publications/stops/stop/", stops.stop, name="stop"),
    path("publications/stops/<uuid:stop_id>/lift/", stops.lift, name="lift_stop"),
    path("publications/<uuid:publication_id>/", publications.show, name="publication"),
    path("history/", history.everything, name="history"),
    path("history/<uuid:case_id>/", history.case, name="case"),
    path("profiles/", profiles.overview, name="profiles"),
    path("profiles/changes/<uuid:change_id>/", profiles.change, name="profile_change"),
    path("profiles/changes/<uuid:change_id>/progress/", profiles.progress, name="profile_progress"),
    path("profiles/changes/<uuid:change_id>/approve/", profiles.approve, name="approve_profile"),
    path("profiles/changes/<uuid:change_id>/decline/", profiles.decline, name="decline_profile"),
    path("profiles/<slug:slug>/", profiles.show, name="profile_of"),
    path("profiles/<slug:slug>/change/", profiles.propose, name="propose_profile"),
    path("installation/", installation.show, name="installation"),
]
