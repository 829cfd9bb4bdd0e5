"""Law 2: while a reply is in review its text stands, also for whoever writes rows by hand. Else
somebody could add a version of their own first and sign the reply then."""

from django.db import migrations

from compliance.triggers import Trigger


class Migration(migrations.Migration):
    dependencies = [
        ("engage", "0009_recall"),
    ]

    operations = [
        Trigger(
            "law_engage_draftversion_not_in_review",
            "engage_draftversion",
            "INSERT",
            "EXISTS (SELECT 1 FROM reviews_review r WHERE r.case_id = NEW.draft_id AND r.state IN "
            "('submitted', 'in_review', 'cleared', 'suspended', 'published'))",
            "The text of a reply that is in review never changes.",
        ),
    ]
