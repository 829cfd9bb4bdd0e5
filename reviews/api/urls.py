"""Routes of the API of reviews, version 1."""

from django.urls import path

from reviews.api import views

urlpatterns = [
    path("reviews/", views.ReviewsView.as_view(), name="api_reviews"),
    path("reviews/<uuid:review_id>/", views.ReviewView.as_view(), name="api_review"),
    *(
        path(f"reviews/<uuid:review_id>/{address}/", view.as_view(), name=f"api_{name}")
        for address, name, view in (
            ("dispose", "dispose", views.DisposeView),
            ("remark", "remark", views.RemarkView),
            ("sign", "sign", views.SignView),
            ("send-back", "send_back", views.SendBackView),
            ("refuse", "refuse", views.RefuseView),
            ("withdraw", "withdraw", views.WithdrawView),
            ("claim", "claim", views.ClaimView),
            ("release", "release", views.ReleaseView),
            ("assign", "assign", views.AssignView),
        )
    ),
]
