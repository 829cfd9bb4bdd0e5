"""Does a post tell of a possible adverse event, or a reply deal with one as it may not?"""

from compliance.scanners.phrases import PhraseScanner

SCANNER = PhraseScanner("adverse_events", "1")
