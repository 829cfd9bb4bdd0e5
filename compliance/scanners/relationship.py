"""Does the reply confirm, form or exploit a relationship between clinician and patient?"""

from compliance.scanners.phrases import PhraseScanner

SCANNER = PhraseScanner("relationship", "1")
