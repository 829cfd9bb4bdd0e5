"""User names: addressed with u/ or @, or given as one's account somewhere.

Source of the rule: 45 CFR 164.514(b)(2)(i)(R), any other unique identifying characteristic or code.
"""

from __future__ import annotations

import regex

from compliance.scanners.identifiers.recognizer import ContextRecognizer


class HandleRecognizer(ContextRecognizer):
    """@name, and names of accounts."""

    KIND = "HANDLE"
    NEEDS = regex.compile(r"@|insta|snap|tiktok|twitter|facebook|kik|discord|telegram",
                          regex.IGNORECASE)  # fmt: skip
    EXPRESSIONS = (
        ("at", r"(?<![\w@.])@[a-z_][\w.]{2,30}\b(?!\.\w)", 0.8),
        ("account", r"\b(?:my |on |her |his )?(?:insta(?:gram)?|snap(?:chat)?|tiktok|twitter|kik|"
         r"discord|telegram)(?: (?:is|as|handle|name|user ?name|account))+:? \K[\w.#]{4,30}", 0.7),
    )  # fmt: skip


class UsernameRecognizer(ContextRecognizer):
    """u/name, as some communities write it."""

    KIND = "USERNAME"
    NEEDS = regex.compile(
        r"(?i:\bu/|user|\[quote|handle| as )|\p{Ll}\p{Lu}|\p{L}[._-][\p{L}\d]|\p{Ll}\d"
    )
    EXPRESSIONS = (
        ("u/", r"(?<![\w/])/?u/[\w-]{3,30}", 0.9),
        ("said", r"\buser ?name(?: there)?(?: is|:) \K[\w.-]{4,30}", 0.7),
        ("quoted", r"\[quote=[\"“']?\K[\w.-]{3,30}", 0.9),
        ("signed in", r"\b(?:sign(?:s|ed)? (?:in|up) as|post(?:s|ed|ing)? as|"
         r"(?:handle|user)(?:'s| is)|(?-i:on \p{Lu}\w+) as) [\"“']?"
         r"\K(?=[\w.-]*(?-i:\p{Ll}\p{Lu}|[\d._-]\w))[\p{L}_][\w.-]{3,29}(?<![.-])", 0.7),
        ("greeted", r"(?:^|[.!?]\s+)(?:hi|hello|hey|hiya|dear|to|(?:many )?thanks|thank you)"
         r"(?: again)?,? \K(?-i:[a-z]+(?:[._-][a-z0-9]+)+|[a-z]{4,}\d+)(?=[,!.:]|$)", 0.6),
        ("in one word", r"\b(?:i'm|i am|im|i was|aka|known as|i go by|here as) \K"
         r"(?-i:\p{Lu}\p{Ll}+(?:\p{Lu}\p{Ll}+)+\d*)\b", 0.7),
    )  # fmt: skip
