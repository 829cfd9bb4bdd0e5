"""The last door also opens for a signpost that was signed twice in advance (laws 1 and 9)."""

from django.db import migrations

from compliance.triggers import NOW, ReplacedTrigger, Trigger, listed

WAS = listed("engage.migrations.0002_laws", "law_engage_attempt_cleared")

OF_A_SIGNPOST = """EXISTS (
    SELECT 1 FROM engage_publication p JOIN reviews_review r ON r.id = p.review_id
    WHERE p.id = NEW.publication_id AND r.signpost_id IS NOT NULL)"""

# As for an ordinary reply, but for who signed what, and for the open safety signal: the thread must
# have, or have had, one that the signpost answers.
SIGNED_IN_ADVANCE = f"""EXISTS (
    SELECT 1 FROM engage_publication p
    JOIN reviews_review r ON r.id = p.review_id
    JOIN engage_draft d ON d.id = p.draft_id
    JOIN engage_thread t ON t.id = d.thread_id
    JOIN reviews_signpost s ON s.id = r.signpost_id
    JOIN reviews_signpostsignature c ON c.signpost_id = s.id AND c.role = 'compliance'
    JOIN reviews_signpostsignature l ON l.signpost_id = s.id AND l.role = 'legal'
    WHERE p.id = NEW.publication_id AND r.case_id = p.draft_id
      AND r.state = 'cleared' AND r.expires_at > {NOW}
      AND r.text_digest = p.text_digest AND c.digest = l.digest AND c.user_id <> l.user_id
      AND s.retired_at IS NULL AND s.written_by_id NOT IN (c.user_id, l.user_id)
      AND t.community_id = p.community_id
      AND (s.community_id IS NULL OR s.community_id = p.community_id)
      AND NOT EXISTS (SELECT 1 FROM reviews_reviewauthor a
                      WHERE a.review_id = r.id AND a.user_id IN (c.user_id, l.user_id))
      AND NOT EXISTS (SELECT 1 FROM engage_draftversion v
                      WHERE v.draft_id = p.draft_id AND v.author_id IN (c.user_id, l.user_id))
      AND EXISTS (SELECT 1 FROM reviews_safetycase k
                  WHERE k.thread_id = d.thread_id
                    AND replace(CAST(s.answers AS TEXT), '"' || k.rule_id || '"', '')
                        <> CAST(s.answers AS TEXT)))"""


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0003_references"),
        ("reviews", "0007_signposts"),
    ]

    operations = [
        ReplacedTrigger(
            WAS,
            f"({WAS.condition} OR {OF_A_SIGNPOST}) AND NOT {SIGNED_IN_ADVANCE}",
            WAS.message,
        ),
        Trigger(
            "law_engage_draftversion_not_signed_in_advance",
            "engage_draftversion",
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_signpostsignature s "
            "JOIN reviews_review r ON r.signpost_id = s.signpost_id "
            "WHERE r.case_id = NEW.draft_id AND s.user_id = NEW.author_id "
            "AND r.state IN ('submitted', 'in_review', 'cleared', 'suspended'))",
            "Nobody writes a version of what they signed.",
        ),
    ]
