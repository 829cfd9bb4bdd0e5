"""Laws 6 and 7 in the database: the ledger, the rule sets and the vault only grow."""

from django.db import migrations

from compliance.triggers import DIFFERS, Trigger, append_only, frozen, no_delete, no_replace

TEXT, KEY = "compliance_vaulttext", "compliance_datakey"


class Migration(migrations.Migration):
    dependencies = [("compliance", "0001_initial")]

    operations = [
        *append_only("compliance_event"),
        *append_only("compliance_leaf", [["event_id"]]),
        *append_only("compliance_checkpoint"),
        *append_only("compliance_rulesetversion", [["version"]]),
        *append_only(
            "compliance_scan", [["text_digest", "context_digest", "rule_set_id", "engine"]]
        ),
        *append_only("compliance_finding"),
        frozen(TEXT, ["id", "key_id", "ciphertext", "digest", "direction", "created_at"]),
        Trigger(
            "law_compliance_vaulttext_own_scan",
            TEXT,
            "UPDATE",
            f"OLD.scan_id {DIFFERS} NEW.scan_id AND NOT EXISTS (SELECT 1 FROM compliance_scan s "
            "WHERE s.id = NEW.scan_id AND s.text_digest = NEW.digest)",
            "A text is shown by its own scan, never by that of another text.",
        ),
        no_replace(TEXT),
        *no_delete(TEXT),
        frozen(KEY, ["id", "created_at"]),
        no_replace(KEY),
        *no_delete(KEY),
        Trigger(
            "law_compliance_datakey_destroyed",
            KEY,
            "UPDATE",
            f"OLD.destroyed_at IS NOT NULL AND "
            f"(NEW.wrapped IS NOT NULL OR OLD.destroyed_at {DIFFERS} NEW.destroyed_at)",
            "A destroyed key stays destroyed.",
        ),
        Trigger(
            "law_compliance_datakey_hold",
            KEY,
            "UPDATE",
            f"OLD.legal_hold_since IS NOT NULL AND OLD.wrapped {DIFFERS} NEW.wrapped",
            "This key is under a legal hold and may not be destroyed.",
        ),
    ]
