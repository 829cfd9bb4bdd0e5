"""Does the reply make a medical claim that a clinician may not make in public?"""

from compliance.scanners.phrases import PhraseScanner

SCANNER = PhraseScanner("claims", "1")
