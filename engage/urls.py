"""Routes of threads, drafts, publications and history."""

from django.urls import path

from engage.views import drafts, history, installation, profiles, publications, threads

urlpatterns = [
    path("threads/", threads.inbox, name="inbox"),
    path("threads/<uuid:thread_id>/", threads.show, name="thread"),
    path("posts/<uuid:post_id>/reply/", drafts.start, name="start_draft"),
    path("drafts/", drafts.mine, name="drafts"),
    path("drafts/<uuid:draft_id>/", drafts.write, name="draft"),
    path("drafts/<uuid:draft_id>/findings/", drafts.findings, name="draft_findings"),
    path("publications/", publications.overview, name="publications"),
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
