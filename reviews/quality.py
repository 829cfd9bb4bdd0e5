"""How well reviewers do: their agreement with others who looked blindly, and with golden cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from compliance.models import Finding
from reviews import permissions
from reviews.agreement import Agreement, Pair, agreement
from reviews.enums import Opinion, Role
from reviews.models import Disposition, SecondLook, User
from reviews.permissions import Permission

# Who sees the figures of everybody; the others see their own.
OVERSEERS = frozenset({Role.COMPLIANCE, Role.AUDITOR})


@dataclass(slots=True)
class Record:
    """One person's, over all time.

    Attributes:
        looks: pairs of what was decided first and what this person would have done, blind.
        looked_at: the same of others who looked at this person's decisions.
        golden: pairs of what is right and what this person would have done.
        spoilt: looks that were not blind, because they had opened the review.
    """

    person: User
    looks: list[Pair] = field(default_factory=list)
    looked_at: list[Pair] = field(default_factory=list)
    golden: list[tuple[Opinion, Opinion]] = field(default_factory=list)
    spoilt: int = 0

    @property
    def as_looker(self) -> Agreement:
        """With those who decided first."""
        return agreement(self.looks)

    @property
    def as_first(self) -> Agreement:
        """Of others with this person's decisions."""
        return agreement(self.looked_at)

    @property
    def right(self) -> int:
        """Golden cases in which they would have done what is right."""
        return sum(known == said for known, said in self.golden)

    @property
    def too_mild(self) -> int:
        """Golden cases in which they would have let harm pass."""
        return sum(said.strictness < known.strictness for known, said in self.golden)

    @property
    def too_strict(self) -> int:
        """Golden cases in which they would have kept help back."""
        return sum(said.strictness > known.strictness for known, said in self.golden)


@dataclass(slots=True)
class RuleRecord:
    """How far people agree on the findings of one rule, blind."""

    rule_id: str
    verdicts: list[Pair] = field(default_factory=list)
    golden: list[Pair] = field(default_factory=list)

    @property
    def between(self) -> Agreement:
        """Of two people on the same finding."""
        return agreement(self.verdicts)

    @property
    def with_golden(self) -> Agreement:
        """With what is known to be right."""
        return agreement(self.golden)


def may_see_everybody(user: User) -> bool:
    """Whether this person sees the figures of others."""
    return not user.roles.isdisjoint(OVERSEERS)


def records(*, by: User) -> list[Record]:
    """The records that this person may see, by name; those without a look are left out.

    Raises:
        NotAllowed: not this person.
    """
    permissions.check_may(by, Permission.READ_QUALITY)
    found: dict[User, Record] = {}

    def of(person: User) -> Record:
        return found.setdefault(person, Record(person))

    for look in _answered():
        if look.seen_before:
            of(look.user).spoilt += 1
        elif look.golden_case:
            pair = (Opinion(look.golden_case.opinion), Opinion(look.opinion))
            of(look.user).golden.append(pair)
        elif look.first:
            of(look.user).looks.append((look.first_opinion, look.opinion))
            of(look.first).looked_at.append((look.first_opinion, look.opinion))
    shown = found.values() if may_see_everybody(by) else [found[by]] if by in found else []
    return sorted(shown, key=lambda record: record.person.printed_name)


def by_role() -> list[tuple[Role, Agreement]]:
    """How far people of the same role agree on the same reply, blind."""
    pairs: dict[Role, list[Pair]] = defaultdict(list)
    for look in _answered().filter(golden_case=None, seen_before=False):
        pairs[Role(look.role)].append((look.first_opinion, look.opinion))
    return [(role, agreement(pairs[role])) for role in Role if role in pairs]


def by_rule() -> list[RuleRecord]:
    """How far people agree on findings, the rule with the most first."""
    looks = list(_answered().filter(seen_before=False))
    judged = Finding.objects.filter(pk__in={f for look in looks for f in look.verdicts})
    rules = {str(pk): rule_id for pk, rule_id in judged.values_list("pk", "rule_id")}
    first = _first_verdicts(looks)
    found: dict[str, RuleRecord] = {}
    for look in looks:
        known = look.golden_case.verdicts if look.golden_case else first.get(look.review_id, {})
        for finding, verdict in look.verdicts.items():
            if finding not in known:
                continue
            record = found.setdefault(rules[finding], RuleRecord(rules[finding]))
            pairs = record.golden if look.golden_case else record.verdicts
            pairs.append((known[finding], verdict))
    return sorted(found.values(), key=lambda r: (-len(r.verdicts) - len(r.golden), r.rule_id))


def _answered() -> QuerySet[SecondLook]:
    return SecondLook.objects.exclude(opinion="").select_related("user", "first", "golden_case")


def _first_verdicts(looks: Iterable[SecondLook]) -> dict[object, dict[str, str]]:
    given = Disposition.objects.filter(review__in={look.review_id for look in looks})
    found: dict[object, dict[str, str]] = defaultdict(dict)
    for review, finding, verdict in given.order_by("id").values_list(
        "review", "finding", "verdict"
    ):
        found[review][str(finding)] = verdict  # the newest counts
    return found
