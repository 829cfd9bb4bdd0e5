"""Routes of people, reviews and safety."""

from django.urls import path

from reviews.views import corrections, profile, queue, review, rules, safety, safety_queue, sign_in

urlpatterns = [
    path("sign-in/", sign_in.SignInView.as_view(), name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("me/", profile.profile, name="profile"),
    path("queue/", queue.queue, name="queue"),
    path("reviews/<uuid:review_id>/", review.show, name="review"),
    path("reviews/<uuid:review_id>/dispose/", review.dispose, name="dispose"),
    path("reviews/<uuid:review_id>/remark/", review.remark, name="remark"),
    path("reviews/<uuid:review_id>/sign/", review.sign, name="sign"),
    path("reviews/<uuid:review_id>/send-back/", review.send_back, name="send_back"),
    path("reviews/<uuid:review_id>/refuse/", review.refuse, name="refuse"),
    path("reviews/<uuid:review_id>/withdraw/", review.withdraw, name="withdraw"),
    path("texts/<uuid:text_id>/reveal/<uuid:finding_id>/", review.reveal_one, name="reveal"),
    path("texts/<uuid:text_id>/false/", corrections.mark_false, name="mark_false"),
    path("texts/<uuid:text_id>/missed/", corrections.mark_missed, name="mark_missed"),
    path("corrections/", corrections.overview, name="corrections"),
    path("corrections/<uuid:proposal_id>/approve/", corrections.approve, name="approve"),
    path("corrections/<uuid:proposal_id>/decline/", corrections.decline, name="decline"),
    path("corrections/listed/<uuid:entry_id>/retire/", corrections.retire, name="retire"),
    path("rules/", rules.how_they_do, name="rules"),
    path("safety/", safety_queue.signals, name="safety"),
    path("safety/export/", safety_queue.export, name="safety_export"),
    path("safety/<uuid:case_id>/", safety.show, name="safety_case"),
    path("safety/<uuid:case_id>/own/", safety.own, name="safety_own"),
    path("safety/<uuid:case_id>/correct/", safety.correct, name="safety_correct"),
    path("safety/<uuid:case_id>/hand-off/", safety.hand_off, name="safety_hand_off"),
    path("safety/<uuid:case_id>/help/", safety.give_help, name="safety_help"),
    path("safety/<uuid:case_id>/dispose/", safety.dispose, name="safety_dispose"),
    path("safety/<uuid:case_id>/print/", safety.print_out, name="safety_print"),
    path("safety/<uuid:case_id>/json/", safety.as_json, name="safety_json"),
]
