"""Evidence: what a reply cites, in keyed digests, and whether it may still be cited.

A reference is known by its line and by every address, DOI and PubMed number in it, each in one
spelling; an approved claim by its words, its evidence and the day until which it was approved. The
digests are under the installation's own key, so that a recall finds all of them in every thread
without unsealing one (law 7).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from compliance import profiles, vault
from compliance.models import Finding, Scan, VaultText
from compliance.rules import ApprovedClaim, RuleProfile
from reviews.exceptions import GateClosed
from reviews.models import Citation, Recall, Recalled, Review
from reviews.packet import Packet

CLAIM = "OWN-CLAIM-"  # how the ids of the notes of approved claims begin
_ADDRESS = re.compile(r"\b(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
# https://www.doi.org/doi-handbook/: a prefix, a slash and anything that can be printed.
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s<>\"]+")
_PUBMED = re.compile(
    r"(?:\bPMID:?\s*|pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/)(\d{4,9})\b",
    re.IGNORECASE,
)
_BEHIND = ".,;:!?)]}'\u2019\u201d\u00bb/"  # stands behind an address and is not part of it
_TRACKING = ("utm_", "fbclid", "gclid")


@dataclass(frozen=True, slots=True)
class Cited:
    """Recalled evidence that a text cites; `line` counts the references, 0 is the text itself."""

    recall: Recall
    line: int


def keys_of_reference(line: str) -> frozenset[str]:
    """The digests that a reference is known by."""
    return frozenset({_digest("line", _plain(line))}) | _addresses(line)


def key_of_claim(community_id: UUID, claim: ApprovedClaim) -> str:
    """The digest of one approval of a claim; approved anew with another day, it is another one."""
    approved = (str(community_id), claim.id, _plain(claim.reference), claim.expires_on)
    return vault.index_digest("evidence", "claim", *approved)


def keys_in(words: str, references: Sequence[str]) -> dict[str, int]:
    """What a reply cites.

    Args:
        words: as they would be posted; a reply also rests on what it links to.
        references: one a line.
    Returns:
        The line of the references by digest; 0 for what stands in the words.
    """
    found = dict.fromkeys(_addresses(words), 0)
    for number, line in enumerate(references, start=1):
        for key in keys_of_reference(line):
            found.setdefault(key, number)
    return found


def _addresses(words: str) -> frozenset[str]:
    addresses = (_address(found) for found in _ADDRESS.findall(words))
    dois = (found.rstrip(_BEHIND).lower() for found in _DOI.findall(unquote(words)))
    return frozenset(
        {_digest("address", address) for address in addresses if address}
        | {_digest("doi", doi) for doi in dois}
        | {_digest("pubmed", number) for number in _PUBMED.findall(words)}
    )


def _address(written: str) -> str:
    """An address in one spelling, however it was copied; "" for what is none."""
    written = written.rstrip(_BEHIND)
    try:
        parts = urlsplit(written if "//" in written[:9] else f"https://{written}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    asked = [(k, v) for k, v in parse_qsl(parts.query) if not k.startswith(_TRACKING)]
    return f"{host}{unquote(parts.path).rstrip('/')}?{urlencode(sorted(asked))}" if host else ""


def _plain(words: str) -> str:
    folded = unicodedata.normalize("NFKC", words).casefold()
    return " ".join(folded.split()).strip(_BEHIND + '\u201c\u00ab"([{ ')


def same_words(one: str, other: str) -> bool:
    """Whether two lines differ in case, gaps and what stands around them alone."""
    return _plain(one) == _plain(other)


def _digest(kind: str, value: str) -> str:
    return vault.index_digest("evidence", kind, value)


def cite(text: VaultText, words: str, references: Sequence[str]) -> None:
    """Keeps what a text cites by reference and address. Call it in the transaction of the text."""
    _add(text, None, {read_mark(): 0, **keys_in(words, references)})


def read_mark() -> str:
    """The digest that says that a text was read; another one once the master key was changed."""
    return _digest("text", "read")


def cite_claims(text: VaultText, scan: Scan, community_id: UUID) -> None:
    """Keeps the approved claims that a scan saw in a text, with the evidence that they rest on."""
    ids = Finding.objects.filter(scan=scan, rule_id__startswith=CLAIM).values_list("rule_id")
    said = {rule_id for (rule_id,) in ids}
    if not said:
        return
    keys: set[str] = set()
    for claim in profiles.rules_of_version(scan.rule_set_id).claims:
        if claim.id in said:
            keys |= {key_of_claim(community_id, claim), *keys_of_reference(claim.reference)}
    _add(text, scan, dict.fromkeys(keys, 0))


def _add(text: VaultText, scan: Scan | None, keys: dict[str, int]) -> None:
    there = set(Citation.objects.filter(text=text, scan=scan).values_list("digest", flat=True))
    Citation.objects.bulk_create(
        Citation(text=text, scan=scan, digest=key, line=line)
        for key, line in keys.items()
        if key not in there
    )


def recalled_keys(recall: Recall | None = None) -> QuerySet[Recalled]:
    """The digests that may be cited no more; those of one recall, if given."""
    standing = Recalled.objects.filter(recall__lifted_at=None)
    return standing.filter(recall=recall) if recall else standing


def all_recalled(keys: Collection[str]) -> bool:
    """Whether each of these digests may be cited no more."""
    found = recalled_keys().filter(digest__in=keys).values_list("digest", flat=True)
    return set(found) >= set(keys)


def citing(recall: Recall | None = None) -> QuerySet[Review]:
    """The reviews of texts that cite what was recalled. Signposts are retired instead."""
    return Review.objects.filter(cites_recalled(recall), signpost=None)


def cites_recalled(recall: Recall | None = None) -> Exists:
    """Whether a review cites what was recalled, as a condition of a query."""
    return cites(recalled_keys(recall))


def cites(recalled: QuerySet[Recalled], *, scan: str = "scan") -> Exists:
    """Whether a row with a `text` cites one of these digests, as a condition of a query.

    Args:
        scan: the path to the scan that counts for approved claims.
    """
    said = Citation.objects.filter(Q(scan=None) | Q(scan=OuterRef(scan)), text=OuterRef("text"))
    return Exists(said.filter(digest__in=recalled.values("digest")))


def recalled_in(text_id: UUID, scan_id: UUID | None) -> list[Cited]:
    """The recalled evidence that a text cites, as it was scanned then; each recall once."""
    citations = Citation.objects.filter(Q(scan=None) | Q(scan=scan_id), text=text_id)
    lines = dict(citations.values_list("digest", "line"))
    found: dict[UUID, Cited] = {}
    rows = recalled_keys().filter(digest__in=lines)
    for row in rows.select_related("recall__what__key", "recall__why__key", "recall__instead__key"):
        found.setdefault(row.recall_id, Cited(row.recall, lines[row.digest]))
    return sorted(found.values(), key=lambda cited: cited.line)


def check_stands(text_id: UUID, scan_id: UUID) -> None:
    """Raises GateClosed if the text cites evidence that was recalled."""
    if cited := recalled_in(text_id, scan_id):
        places = " and ".join(sorted({_place(one) for one in cited}))
        raise GateClosed(
            f"Evidence that this reply rests on was recalled ({places}). Its author must take it "
            "out, or cite something else, and submit the reply again."
        )


def _place(cited: Cited) -> str:
    if cited.line:
        return f"reference {cited.line}"
    return "an approved claim" if cited.recall.kind == "claim" else "in the text itself"


def rests_on_recalled(review: Review, packet: Packet) -> bool:
    """Whether what would be posted cites recalled evidence, read from what was signed.

    It does not trust the kept digests alone: the packet is read anew.
    """
    if review.signpost_id:
        return False
    keys = keys_in(packet.text, packet.references)
    return (
        recalled_keys().filter(digest__in=keys).exists() or citing().filter(pk=review.pk).exists()
    )


def check_claims(community_id: UUID, profile: RuleProfile) -> None:
    """Raises GateClosed if a profile lists a claim that was recalled, or rests on what was."""
    by_people = recalled_keys().filter(recall__recalled_by__isnull=False)
    for claim in profile.claims:
        keys = {key_of_claim(community_id, claim), *keys_of_reference(claim.reference)}
        if by_people.filter(digest__in=keys).exists():
            raise GateClosed(
                f"The approved claim \u201c{claim.text[:60]}\u201d was recalled, or what it rests "
                "on was. Take it out, or name other evidence."
            )


def still_usable(community_id: UUID, claims: Iterable[ApprovedClaim]) -> list[ApprovedClaim]:
    """The approved claims that were not recalled."""
    keys = {
        claim: {key_of_claim(community_id, claim), *keys_of_reference(claim.reference)}
        for claim in claims
    }
    asked = set().union(*keys.values()) if keys else set()
    recalled = set(recalled_keys().filter(digest__in=asked).values_list("digest", flat=True))
    return [claim for claim in keys if not keys[claim] & recalled]
