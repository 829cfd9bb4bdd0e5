"""Which kind of identifier is shown when something is masked, and which rule it breaks.

The letters are those of HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i).
"""

# Presidio's or our entity: (kind shown, rule).
KINDS: dict[str, tuple[str, str]] = {
    "NAME": ("NAME", "PHI-NAME"),  # (A)
    "PLACE": ("PLACE", "PHI-GEO"),  # (B)
    "FACILITY": ("FACILITY", "PHI-GEO"),  # (B), and employers
    "ZIP": ("ZIP", "PHI-ZIP"),  # (B)(1)-(2)
    "DATE": ("DATE", "PHI-DATE"),  # (C)
    "AGE": ("AGE", "PHI-AGE90"),  # (C), ages over 89
    "PHONE_NUMBER": ("PHONE", "PHI-CONTACT"),  # (D), (E)
    "PHONE": ("PHONE", "PHI-CONTACT"),
    "EMAIL_ADDRESS": ("EMAIL", "PHI-CONTACT"),  # (F)
    "EMAIL": ("EMAIL", "PHI-CONTACT"),
    "US_SSN": ("ID", "PHI-IDNUM"),  # (G)
    "US_MBI": ("ID", "PHI-IDNUM"),  # (I)
    "ID": ("ID", "PHI-IDNUM"),  # (H) to (K)
    "SERIAL": ("SERIAL", "PHI-SERIAL"),  # (L), (M)
    "MAC_ADDRESS": ("SERIAL", "PHI-SERIAL"),
    "URL": ("URL", "PHI-CONTACT"),  # (N)
    "IP_ADDRESS": ("URL", "PHI-CONTACT"),  # (O)
    "HANDLE": ("HANDLE", "PHI-CONTACT"),
    "USERNAME": ("HANDLE", "PHI-UNIQUE"),  # (R)
    "IMAGE": ("IMAGE", "PHI-IMAGE"),  # (P), (Q)
    "OTHER": ("OTHER", "PHI-UNIQUE"),  # (R)
}
