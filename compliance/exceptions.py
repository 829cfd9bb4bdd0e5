"""Refusals of the compliance package. Each message is a sentence that the reader can act on."""


class Refusal(Exception):
    """Something may not be done. The message never holds post or draft text (law 7).

    `status` is the HTTP status that config/refusals.py answers with.
    """

    status = 409


class NotAllowed(Refusal):
    """This person may not do this."""

    status = 403


class BadInput(Refusal):
    """What was given can't be taken; the message says what to change."""

    status = 400


class TextErased(Refusal):
    """The key of this text was destroyed: the text can't be had any more."""

    status = 410


class NotScanned(Refusal):
    """The text has no complete scan, so nothing may be shown or done with it (law 8)."""


class ScannerFailed(Refusal):
    """A scanner raised; the text is held and will be scanned again (law 8).

    `scanner` is the name of the scanner that raised.
    """

    status = 503

    def __init__(self, scanner: str) -> None:
        super().__init__(
            f"The {scanner} scanner could not read this text, so it is held. It is retried by "
            "itself; nothing can be submitted until it has been scanned."
        )
        self.scanner = scanner


class LanguageNotCovered(ScannerFailed):
    """The text is in a language that nothing here can read; it is held until that is added."""

    def __init__(self, language: str) -> None:
        super().__init__("language")
        self.args = (
            f"This text seems to be written in a language that nothing here can read yet "
            f"({language}), so it is held. Write it in English, or ask your administrator to add a "
            "model for that language (IDENTIFIERS_LANGUAGES).",
        )


class LegalHold(Refusal):
    """The text is under a legal hold and may not be erased."""
