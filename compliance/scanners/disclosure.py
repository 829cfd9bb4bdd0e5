"""Does the reply say what it must about its author and its nature?"""

from compliance.scanners.phrases import PhraseScanner

SCANNER = PhraseScanner("disclosure", "1")
