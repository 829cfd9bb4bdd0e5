"""Laws 1 and 2 in the database: who may sign what, and what a signature needs."""

from django.db import migrations

from compliance.triggers import DIFFERS, Trigger, append_only, frozen, no_delete, no_replace

REVIEW, SIGN_OFF, CASE = "reviews_review", "reviews_signoff", "reviews_safetycase"

# reviews.policy.TRANSITIONS as it stood when this was written; a test compares the two.
MOVES = (
    ("submitted", "in_review"),
    ("in_review", "cleared"),
    ("submitted", "sent_back"),
    ("in_review", "sent_back"),
    ("cleared", "sent_back"),
    ("suspended", "sent_back"),
    ("submitted", "refused"),
    ("in_review", "refused"),
    ("suspended", "refused"),
    ("submitted", "withdrawn"),
    ("in_review", "withdrawn"),
    ("cleared", "withdrawn"),
    ("suspended", "withdrawn"),
    ("published", "withdrawn"),
    ("cleared", "suspended"),
    ("cleared", "expired"),
    ("suspended", "expired"),
    ("cleared", "published"),
)
ALLOWED = " OR ".join(f"(OLD.state = '{a}' AND NEW.state = '{b}')" for a, b in MOVES)

TWO_SIGNATURES = """EXISTS (
    SELECT 1 FROM reviews_signoff c JOIN reviews_signoff l ON l.review_id = c.review_id
    WHERE c.review_id = NEW.id AND c.role = 'compliance' AND l.role = 'legal'
      AND c.digest = l.digest AND c.user_id <> l.user_id
      AND NOT EXISTS (SELECT 1 FROM reviews_reviewauthor a
                      WHERE a.review_id = NEW.id AND a.user_id IN (c.user_id, l.user_id)))"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial"), ("compliance", "0002_laws")]

    operations = [
        *append_only("reviews_reviewauthor", [["review_id", "user_id"]]),
        *append_only(SIGN_OFF, [["review_id", "role"], ["review_id", "user_id"]]),
        *append_only("reviews_disposition"),
        *append_only("reviews_remark"),
        *append_only("reviews_reveal"),
        frozen(
            REVIEW,
            [
                "id",
                "case_id",
                "community_name",
                "submitted_by_id",
                "submitted_at",
                "packet_id",
                "text_id",
                "text_digest",
                "scan_id",
                "rule_set_id",
            ],
        ),
        no_replace(REVIEW, [["packet_id"]]),
        *no_delete(REVIEW),
        Trigger(
            "law_reviews_review_one_open",
            REVIEW,
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_review r WHERE r.case_id = NEW.case_id AND r.state IN "
            "('submitted', 'in_review', 'cleared', 'suspended', 'published'))",
            "One review of a reply is open at a time.",
        ),
        Trigger(
            "law_reviews_review_begins",
            REVIEW,
            "INSERT",
            "NEW.state <> 'submitted'",
            "A review begins as submitted.",
        ),
        Trigger(
            "law_reviews_review_moves",
            REVIEW,
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({ALLOWED})",
            "A review does not go this way.",
        ),
        Trigger(
            "law_reviews_review_two_signatures",
            REVIEW,
            "UPDATE",
            f"NEW.state = 'cleared' AND OLD.state <> 'cleared' AND NOT {TWO_SIGNATURES}",
            "Nothing is cleared without a compliance and a legal signature by two people who "
            "did not write it.",
        ),
        Trigger(
            "law_reviews_review_expiry",
            REVIEW,
            "UPDATE",
            f"OLD.expires_at IS NOT NULL AND OLD.expires_at {DIFFERS} NEW.expires_at",
            "A clearance is never prolonged.",
        ),
        Trigger(
            "law_reviews_signoff_not_author",
            SIGN_OFF,
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_reviewauthor a "
            "WHERE a.review_id = NEW.review_id AND a.user_id = NEW.user_id)",
            "Nobody signs what they wrote.",
        ),
        Trigger(
            "law_reviews_signoff_open",
            SIGN_OFF,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_review r WHERE r.id = NEW.review_id "
            "AND r.state IN ('submitted', 'in_review'))",
            "This review takes no more signatures.",
        ),
        Trigger(
            "law_reviews_signoff_role",
            SIGN_OFF,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_rolegrant g "
            "WHERE g.user_id = NEW.user_id AND g.role = NEW.role)",
            "Nobody signs in a role that they do not hold.",
        ),
        Trigger(
            "law_reviews_signoff_same_content",
            SIGN_OFF,
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_signoff s "
            "WHERE s.review_id = NEW.review_id AND s.digest <> NEW.digest)",
            "Both signatures must cover the same content.",
        ),
        Trigger(
            "law_reviews_disposition_before_signature",
            "reviews_disposition",
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_signoff s WHERE s.review_id = NEW.review_id)",
            "Findings are disposed of before the first signature.",
        ),
        frozen(CASE, ["id", "thread_id", "community_name", "text_id", "rule_id", "opened_at"]),
        no_replace(CASE, [["text_id", "rule_id"]]),
        *no_delete(CASE),
        Trigger(
            "law_reviews_safetycase_disposed",
            CASE,
            "UPDATE",
            "OLD.disposed_at IS NOT NULL",
            "A disposed safety signal is never changed.",
        ),
    ]
