"""Routes of threads, drafts, publications and history."""

from django.urls import path

from engage.views import drafts, history, installation, publications, threads

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
    path("installation/", installation.show, name="installation"),
]
