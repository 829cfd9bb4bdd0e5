"""Does a sentence single somebody out without a name, a date or a number?

The recognizers of `identifiers` know how identifiers are written; whether a job, an event or a
picture points to one person is a matter of what the sentence says.
"""

from compliance.scanners.phrases import PhraseScanner

SCANNER = PhraseScanner("singled_out", "1", rules_of="identifiers")
