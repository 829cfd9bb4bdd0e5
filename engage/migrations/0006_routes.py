"""The last door asks for every signature that the route of a review asks for (law 1)."""

from django.db import migrations

from compliance.triggers import ReplacedTrigger, Trigger, listed

WAS = listed("engage.migrations.0004_signposts", "law_engage_attempt_cleared")


def lacking(seat: str) -> str:
    """SQL: the review r wants this seat, and there is no good signature for it."""
    return f"""(r.{seat}_step IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM reviews_furthersignoff f
    WHERE f.review_id = r.id AND f.seat = '{seat}'
      AND NOT EXISTS (SELECT 1 FROM reviews_signoff s WHERE s.review_id = f.review_id
                      AND (s.user_id = f.user_id OR s.digest <> f.digest))
      AND NOT EXISTS (SELECT 1 FROM reviews_reviewauthor a
                      WHERE a.review_id = f.review_id AND a.user_id = f.user_id)
      AND NOT EXISTS (SELECT 1 FROM engage_draftversion v
                      WHERE v.draft_id = r.case_id AND v.author_id = f.user_id)))"""


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0005_connectors"),
        ("reviews", "0010_routes"),
    ]

    operations = [
        ReplacedTrigger(
            WAS,
            f"({WAS.condition}) OR EXISTS (SELECT 1 FROM engage_publication p "
            "JOIN reviews_review r ON r.id = p.review_id WHERE p.id = NEW.publication_id "
            f"AND ({lacking('medical')} OR {lacking('second_legal')}))",
            "Nothing is posted without a compliance and a legal signature, and every other one "
            "that its route asks for, by people who did not write it, that still stand, nor into "
            "a thread with an open safety signal.",
        ),
        Trigger(
            "law_engage_draftversion_not_signed_further",
            "engage_draftversion",
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_furthersignoff s "
            "JOIN reviews_review r ON r.id = s.review_id "
            "WHERE r.case_id = NEW.draft_id AND s.user_id = NEW.author_id "
            "AND r.state IN ('submitted', 'in_review', 'cleared', 'suspended'))",
            "Nobody writes a version of what they signed.",
        ),
    ]
