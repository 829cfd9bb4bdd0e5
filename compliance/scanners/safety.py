"""Is somebody in danger, under age, or going to law; and does the reply say where help is?"""

from compliance.scanners.phrases import PhraseScanner

SCANNER = PhraseScanner("safety", "1")
