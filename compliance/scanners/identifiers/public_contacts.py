"""Contacts that belong to nobody: crisis lines, agencies, professional bodies. Never flagged."""

from __future__ import annotations

import re

_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")

# Digits only, with the leading 1 taken off.
PUBLIC_NUMBERS = frozenset(
    {
        "911", "988", "999", "112", "211", "311",
        "8338526262",  # National Maternal Mental Health Hotline, 1-833-TLC-MAMA
        "8003321088",  # FDA MedWatch, 1-800-FDA-1088
        "8884636332",  # 1-888-INFO-FDA
        "8007997233",  # National Domestic Violence Hotline, 1-800-799-SAFE
        "8006564673",  # RAINN, 1-800-656-HOPE
        "8002738255",  # the Lifeline's number before 988
        "8002221222",  # Poison Help
        "8002324636",  # CDC-INFO
        "8006334227",  # 1-800-MEDICARE
        "8006624357",  # SAMHSA, 1-800-662-HELP
        "8009444773",  # Postpartum Support International
        "8666266847",  # MotherToBaby, 1-866-626-6847
        "88788", "741741", "838255",
    }
)  # fmt: skip

PUBLIC_DOMAINS = (
    "gov", "mil", "int", "nhs.uk", "gc.ca", "gov.uk", "europa.eu",
    "acog.org", "988lifeline.org", "thehotline.org", "postpartum.net", "mothertobaby.org",
    "rainn.org", "menopause.org", "plannedparenthood.org", "mayoclinic.org", "cochrane.org",
    "cochranelibrary.com", "webmd.com", "drugs.com", "wikipedia.org", "bedsider.org",
    "reproductivefacts.org", "cancer.org", "heart.org", "nejm.org", "bmj.com", "thelancet.com",
    "rcog.org.uk", "bbc.co.uk", "bbc.com", "nytimes.com", "theguardian.com",
    "washingtonpost.com", "cnn.com", "npr.org", "reuters.com", "apnews.com", "youtube.com",
    "google.com", "doi.org", "pubmed.com",
)  # fmt: skip


def is_public_number(written: str) -> bool:
    """Whether this telephone number, digits or letters, belongs to a public service."""
    digits = re.sub(r"\D", "", written.upper().translate(_LETTERS))
    return digits in PUBLIC_NUMBERS or digits.removeprefix("1") in PUBLIC_NUMBERS


def is_public_address(written: str) -> bool:
    """Whether this web or e-mail address belongs to a public body or a general site.

    A page of a person on a general site (youtube.com/@name) is not public.
    """
    host, _, path = (
        written.casefold().removeprefix("https://").removeprefix("http://").partition("/")
    )
    if "@" in path or "/user" in f"/{path}" or "/channel" in f"/{path}":
        return False
    host = host.rpartition("@")[2].partition(":")[0].rstrip(".")
    return any(host == domain or host.endswith("." + domain) for domain in PUBLIC_DOMAINS)
