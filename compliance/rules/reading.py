"""Reading rule files and word lists, strictly: a mistake is named with its file and rule."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from compliance.enums import Direction, Severity
from compliance.rules.rule import Detection, Example, Rule

SCANNER_NAMES = frozenset(
    {
        "identifiers",
        "relationship",
        "unsaid",
        "claims",
        "disclosure",
        "safety",
        "adverse_events",
    }
)
CIRCUMSTANCES = frozenset(
    {"negated", "question", "attributed", "quoted", "hedged", "conditional", "past"}
)
REQUIRED = (
    "id", "title", "direction", "severity", "why", "citation", "url", "advice", "scanner"
)  # fmt: skip
_LEXICON = re.compile(r"%(\w+)%")
_FLAT = re.compile(r"^[^(\[]*\|")  # an alternation outside of brackets can't be split
_GAP = r"[^.!?\n]{0,60}?"


def read_lexicons(folder: Path) -> dict[str, tuple[str, ...]]:
    """Word lists by file name: one entry a line, "#" starts a comment."""
    lexicons = {}
    for path in sorted(folder.glob("*.txt")):
        lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
        lexicons[path.stem] = tuple(line for line in lines if line)
    return lexicons


def read_folder(folder: Path, lexicons: Mapping[str, tuple[str, ...]]) -> list[Rule]:
    """The rules of all YAML files of a folder, files in alphabetical order.

    Raises:
        ValueError: names the file, the rule and what to change.
    """
    rules: list[Rule] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        for rule in read_rules(path.read_text("utf-8"), path.name, lexicons):
            if rule.id in seen:
                raise ValueError(
                    f"{path.name}: rule {rule.id} is in {seen[rule.id]} already; ids are unique."
                )
            seen[rule.id] = path.name
            rules.append(rule)
    return rules


def read_rules(
    text: str, file_name: str, lexicons: Mapping[str, tuple[str, ...]]
) -> Iterable[Rule]:
    """The rules of one file's text; raises as `read_folder` does."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{file_name} is not valid YAML: {error}") from error
    entries = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError(f"{file_name}: there must be a list under the key 'rules'.")
    for number, entry in enumerate(entries, start=1):
        name = entry.get("id") if isinstance(entry, dict) else None
        where = f"{file_name}, rule {name or f'number {number}'}"
        if not isinstance(entry, dict):
            raise ValueError(f"{where}: a rule is a mapping of keys and values.")
        _check_entry(entry, where, lexicons)
        yield Rule.from_mapping(entry)


def compile_pattern(pattern: str, lexicons: Mapping[str, tuple[str, ...]]) -> re.Pattern[str]:
    """A pattern with its word lists put in.

    %name% stands for any entry of that list, %gap% for a few words of the same sentence.
    """

    def words(match: re.Match[str]) -> str:
        name = match.group(1)
        if name == "gap":
            return _GAP
        return _alternation(lexicons[name])

    return re.compile(_LEXICON.sub(words, pattern), re.IGNORECASE)


def _alternation(words: Iterable[str]) -> str:
    """Longest first, under their first letters: a tenth of the time of a flat alternation."""
    by_letter: dict[str, list[str]] = {}
    others = []
    for word in sorted(words, key=len, reverse=True):
        if (
            len(word) > 1
            and word[0].isalpha()
            and word[1] not in "?*+{|"
            and not _FLAT.search(word)
        ):
            by_letter.setdefault(word[0].casefold(), []).append(word[1:])
        else:
            others.append(word)
    grouped = [f"{letter}(?:{'|'.join(rest)})" for letter, rest in sorted(by_letter.items())]
    return f"(?:{'|'.join([*grouped, *others])})"


def _check_entry(
    entry: Mapping[str, Any], where: str, lexicons: Mapping[str, tuple[str, ...]]
) -> None:
    _check_keys(entry, Rule.keys(), where)
    for key in REQUIRED:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ValueError(f"{where}: '{key}' is missing or empty.")
    _check_choice(entry["severity"], Severity.values, "severity", where)
    _check_choice(entry["direction"], [*Direction.values, "both"], "direction", where)
    _check_choice(entry["scanner"], SCANNER_NAMES, "scanner", where)
    try:
        datetime.date.fromisoformat(entry.get("effective_from", "2026-01-01"))
    except (TypeError, ValueError):
        raise ValueError(f"{where}: effective_from must be a quoted date, '2026-01-31'.") from None
    patterns: list[str] = []
    detection = entry.get("detection", {})
    for part in (detection, *detection.get("also", ())):
        patterns += _check_detection(part, where, lexicons)
    found_by_code = entry["scanner"] in ("identifiers", "unsaid")
    learned = entry.get("detection", {}).get("learned")
    if entry.get("detects") and not (found_by_code or patterns or learned):
        raise ValueError(f"{where}: 'detects' is true, but there is no pattern to detect it with.")
    example_keys = {f.name for f in fields(Example)}
    for kind in ("positives", "negatives"):
        for example in entry.get(kind, ()):
            if isinstance(example, dict):
                _check_keys(example, example_keys, f"{where}, {kind}")


def _check_keys(entry: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    unknown = sorted(set(entry) - set(known))
    if unknown:
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; known are {sorted(known)}.")


def _check_choice(value: object, choices: Collection[str], key: str, where: str) -> None:
    if value not in choices:
        raise ValueError(f"{where}: {key} {value!r} is none of {sorted(choices)}.")


def _check_detection(
    detection: Mapping[str, Any], where: str, lexicons: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Its patterns, all of which compile."""
    _check_keys(detection, {f.name for f in fields(Detection)}, f"{where}, detection")
    _check_choice(detection.get("scope", "phrase"), ("phrase", "draft"), "scope", where)
    for circumstance in detection.get("spare", ()):
        _check_choice(circumstance, CIRCUMSTANCES, "spare", where)
    patterns = [p for k in ("needs", "patterns", "requires", "unless", "satisfied_by")
                for p in detection.get(k, ())]  # fmt: skip
    groups = [*detection.get("signposts", {}).values(), *detection.get("together", ())]
    patterns += [p for group in groups for p in group]
    for pattern in patterns:
        try:
            compile_pattern(pattern, lexicons)
        except (re.error, KeyError) as error:
            raise ValueError(f"{where}: the pattern {pattern!r} is wrong: {error}.") from error
    return patterns
