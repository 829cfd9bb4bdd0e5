"""Laws 1, 2 and 4 at the last door: what a posting attempt needs, raw SQL included."""

from django.db import migrations

from compliance.triggers import (
    DIFFERS,
    NOW,
    Trigger,
    append_only,
    frozen,
    no_delete,
    no_replace,
)

PUBLICATION, ATTEMPT = "engage_publication", "engage_attempt"

CLEARED = f"""EXISTS (
    SELECT 1 FROM engage_publication p
    JOIN reviews_review r ON r.id = p.review_id
    JOIN reviews_signoff c ON c.review_id = r.id AND c.role = 'compliance'
    JOIN reviews_signoff l ON l.review_id = r.id AND l.role = 'legal'
    WHERE p.id = NEW.publication_id AND r.case_id = p.draft_id
      AND r.state = 'cleared' AND r.expires_at > {NOW}
      AND r.text_digest = p.text_digest AND c.digest = l.digest AND c.user_id <> l.user_id
      AND NOT EXISTS (SELECT 1 FROM reviews_reviewauthor a
                      WHERE a.review_id = r.id AND a.user_id IN (c.user_id, l.user_id))
      AND NOT EXISTS (SELECT 1 FROM engage_draftversion v
                      WHERE v.draft_id = p.draft_id AND v.author_id IN (c.user_id, l.user_id))
      AND NOT EXISTS (SELECT 1 FROM engage_draft d
                      JOIN reviews_safetycase s ON s.thread_id = d.thread_id
                      WHERE d.id = p.draft_id AND s.disposed_at IS NULL))"""


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0001_initial"),
        ("reviews", "0002_laws"),
        ("compliance", "0002_laws"),
    ]

    operations = [
        *append_only("engage_postrevision", [["post_id", "number"], ["text_id"]]),
        *append_only("engage_draft"),
        *append_only("engage_draftversion", [["draft_id", "number"], ["text_id"]]),
        *append_only("engage_livecopy"),
        *append_only("engage_incident"),
        frozen(
            "engage_post",
            ["id", "community_id", "thread_id", "external_digest", "author_digest", "source"],
        ),
        no_replace("engage_post", [["community_id", "external_digest"]]),
        *no_delete("engage_post"),
        frozen(
            "engage_thread",
            ["id", "community_id", "external_digest", "key_id", "source", "title_id"],
        ),
        no_replace("engage_thread", [["community_id", "external_digest"], ["key_id"]]),
        *no_delete("engage_thread"),
        Trigger(
            "law_engage_draftversion_not_signed",
            "engage_draftversion",
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_signoff s JOIN reviews_review r ON r.id = s.review_id "
            "WHERE r.case_id = NEW.draft_id AND s.user_id = NEW.author_id "
            "AND r.state IN ('submitted', 'in_review', 'cleared', 'suspended'))",
            "Nobody writes a version of what they signed.",
        ),
        frozen(
            PUBLICATION,
            ["id", "review_id", "draft_id", "community_id", "text_digest", "request_id"],
        ),
        no_replace(PUBLICATION, [["review_id"]]),
        *no_delete(PUBLICATION),
        Trigger(
            "law_engage_publication_signed_text",
            PUBLICATION,
            "INSERT",
            "NOT EXISTS (SELECT 1 FROM reviews_review r WHERE r.id = NEW.review_id "
            "AND r.case_id = NEW.draft_id AND r.text_digest = NEW.text_digest "
            "AND r.state = 'cleared')",
            "Only exactly what was signed is published.",
        ),
        Trigger(
            "law_reviews_review_in_flight",
            "reviews_review",
            "UPDATE",
            "OLD.state = 'cleared' AND NEW.state NOT IN ('cleared', 'published', 'withdrawn') "
            "AND EXISTS (SELECT 1 FROM engage_publication p "
            "JOIN engage_attempt a ON a.publication_id = p.id "
            "WHERE p.review_id = NEW.id AND a.outcome IN ('sending', 'unknown'))",
            "This reply is being posted in this moment: it can only be withdrawn.",
        ),
        frozen(ATTEMPT, ["id", "publication_id", "number", "started_at"]),
        no_replace(ATTEMPT, [["publication_id", "number"]]),
        *no_delete(ATTEMPT),
        Trigger(
            "law_engage_attempt_cleared",
            ATTEMPT,
            "INSERT",
            f"NOT {CLEARED}",
            "Nothing is posted without a compliance and a legal signature, by two people who did "
            "not write it, that still stand, nor into a thread with an open safety signal.",
        ),
        Trigger(
            "law_engage_attempt_begins",
            ATTEMPT,
            "INSERT",
            "NEW.outcome <> 'sending'",
            "An attempt is recorded before it is sent.",
        ),
        Trigger(
            "law_engage_attempt_one_live",
            ATTEMPT,
            "INSERT",
            "EXISTS (SELECT 1 FROM engage_publication p "
            "JOIN engage_publication q ON q.draft_id = p.draft_id "
            "JOIN engage_attempt a ON a.publication_id = q.id "
            "WHERE p.id = NEW.publication_id "
            "AND a.outcome IN ('sending', 'unknown', 'posted', 'pending') "
            "AND (q.id = p.id OR q.state NOT IN ('withdrawn', 'gone')))",
            "An earlier attempt at this reply may be live: it is settled by looking, never by "
            "sending again.",
        ),
        Trigger(
            "law_engage_attempt_final",
            ATTEMPT,
            "UPDATE",
            f"OLD.outcome {DIFFERS} NEW.outcome AND (OLD.outcome NOT IN ('sending', 'unknown') "
            "OR NEW.outcome = 'sending')",
            "The outcome of an attempt is never changed.",
        ),
    ]
