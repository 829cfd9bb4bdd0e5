"""What nothing here can read is held and says so; another language brings its own model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.enums import ScanState
from compliance.exceptions import LanguageNotCovered
from compliance.findings import INBOUND
from compliance.models import Event, VaultText
from compliance.rules import shipped_rules
from compliance.scanners import identifiers, languages
from compliance.scanners.identifiers import choice, other_models
from compliance.scanners.identifiers.choice import Choice, Engine
from compliance.scanners.languages import UNNAMED, language_of
from engage import intake, screening
from engage.models import PostRevision
from reviews.enums import Role
from tests import cases

SPANISH = "Hola a todas, me llamo Ana Belmonte y tengo muchas dudas sobre el DIU que me pusieron."
GERMAN = "Ich heiße Katrin Vogelsang und habe seit Wochen Schmerzen nach der Operation in Hameln."
LANGUAGES = [
    (SPANISH, "es"),
    (GERMAN, "de"),
    ("Bonjour, j'ai eu un stérilet posé et depuis j'ai très mal au ventre.", "fr"),
    ("میں بہت پریشان ہوں اور مجھے کچھ سمجھ نہیں آتی", "ur"),
    ("ዶክተሬ ክኒን እንድወስድ ነገረኝ", "am"),
    ("I have been spotting for weeks and my doctor says it is normal, is it?", "en"),
    ("I HAVE BEEN SPOTTING FOR WEEKS. PLEASE HELP ME, I AM SO SCARED", "en"),
    ("ive been bleedin 4 wks n my doc dont listen pls help", "en"),
    ("gracias", "en"),  # too short to hold somebody's post for
    ("", "en"),
    ("😀😀😀", "en"),
    ("mujhe bahut dard ho raha hai", "en"),  # unsure
]


@pytest.mark.parametrize(("text", "language"), LANGUAGES)
def test_language_of(text: str, language: str) -> None:
    assert language_of(text) == language


def test_line_in_another_language_makes_no_other_text() -> None:
    line = "On voit des fractures complexes de la colonne avec un tassement très important."
    english = "My friend had a car accident and we do not know what this report says. "
    languages.check_covered(f"{english * 8}\n{line}\nWho can help us?")
    with pytest.raises(LanguageNotCovered):
        languages.check_covered(f"{english}\n{line}\nWho can help us?")


def test_short_lines_in_another_language_do_not_hide_behind_an_english_line() -> None:
    lines = "\n".join(
        (
            "Me llamo Ana Belmonte",
            "y tengo muchas dudas",
            "sobre el DIU de cobre",
            "que me pusieron en la clínica",
        )
    )
    english = (
        "General information, not medical advice; please talk with your own clinician about it."
    )
    with pytest.raises(LanguageNotCovered):
        languages.check_covered(f"{lines}\n\n{english} {english}")


def test_other_script_that_nobody_can_name_is_not_english() -> None:
    assert language_of("ꙮꙮꙮꙮꙮ ꙮꙮꙮ ꙮꙮꙮꙮꙮꙮ ꙮꙮꙮꙮꙮ ꙮꙮꙮꙮꙮ") not in ("en",)
    assert UNNAMED not in choice.chosen()


@pytest.mark.django_db
def test_post_in_another_language_is_held_and_says_so(client: Client) -> None:
    post = cases.post(SPANISH)
    text = PostRevision.objects.get(post=post).text
    assert (text.scan_state, text.held_by) == (ScanState.HELD, "language")
    client.force_login(cases.person(Role.CLINICIAN))
    page = client.get(reverse("thread", args=[post.thread_id])).content.decode()
    assert "language that nothing here can read" in page and "Belmonte" not in page


@pytest.mark.django_db
def test_held_language_does_not_fill_the_ledger_nor_stop_its_batch() -> None:
    community = cases.community()
    intake.receive(community, [cases.item(SPANISH), cases.item("When does it stop?")], by="system")
    cases.scanned()
    for _ in range(3):
        VaultText.objects.filter(held_by="language").update(scan_due_at=timezone.now())
        while ids := screening.claim_due(screening.BATCH):
            screening.scan_inbound(ids)
    states = PostRevision.objects.values_list("text__scan_state", flat=True)
    assert sorted(states) == [ScanState.HELD, ScanState.SCANNED]
    assert Event.objects.filter(kind="text_held").count() == 1


@pytest.mark.django_db
def test_language_that_cannot_be_told_holds_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError

    monkeypatch.setattr(languages, "_identifier", broken)
    cases.post("I have been spotting for weeks. When does it stop?")
    text = PostRevision.objects.get().text
    assert (text.scan_state, text.held_by) == (ScanState.HELD, "language-identifier")


@pytest.mark.django_db
def test_draft_in_another_language_says_so_while_typing(client: Client) -> None:
    draft = cases.draft()
    client.force_login(draft.started_by)
    answer = client.post(reverse("draft_findings", args=[draft.pk]), {"body": SPANISH})
    assert "language that nothing here can read yet" in answer.content.decode()


@pytest.fixture
def german_model(tmp_path: Path) -> Path:
    """A real spaCy pipeline, small enough to be made here."""
    nlp = spacy.blank("de")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(  # type: ignore[attr-defined]  # of the component
        [
            {"label": "PER", "pattern": "Katrin Vogelsang"},
            {"label": "LOC", "pattern": "Hameln"},
            {"label": "MISC", "pattern": "Operation"},
        ]
    )
    nlp.to_disk(tmp_path / "de")
    return tmp_path / "de"


@pytest.fixture
def english_as_chosen() -> Iterator[Choice]:
    before = choice.current()
    yield before
    choice.choose(before)


def test_another_language_has_its_own_model(german_model: Path, english_as_chosen: Choice) -> None:
    german = Choice(model=german_model, engine=Engine.SPACY, language="de")
    choice.choose(english_as_chosen, german)
    english = "My name is Keisha Brandt and I have been spotting for weeks."
    mail = f"{GERMAN} Schreibt mir: katrin@vogelsang-hameln.de"
    texts = [GERMAN, english, mail]
    found = identifiers.SCANNER.scan(texts, [INBOUND] * 3, shipped_rules())
    words = [[t[h.start : h.end] for h in hits] for t, hits in zip(texts, found, strict=True)]
    assert words == [
        ["Katrin Vogelsang", "Hameln"],
        ["Keisha Brandt"],
        ["Katrin Vogelsang", "Hameln", "katrin@vogelsang-hameln.de"],
    ]


def test_start_says_what_another_model_covers(
    german_model: Path, english_as_chosen: Choice
) -> None:
    choice.choose(Choice(model=german_model, engine=Engine.SPACY))
    (said,) = [m.msg for m in run_checks() if m.id == "compliance.I001"]
    assert "tells location, name; by rules alone: age, date, email" in said


def test_model_that_tells_nothing_is_an_error_at_the_start(
    tmp_path: Path, english_as_chosen: Choice
) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    choice.choose(Choice(model=tmp_path / "blank", engine=Engine.SPACY))
    (said,) = [m.msg for m in run_checks() if m.id == "compliance.E002"]
    assert "no label for a person" in said


@pytest.mark.parametrize(
    ("engine", "model", "why"),
    [
        (Engine.SPACY, "no_such_model", "no package of that name"),
        (Engine.TRANSFORMERS, "nowhere", "needs transformers and torch"),
    ],
)
@pytest.mark.django_db
def test_model_that_is_not_there_holds_everything_and_says_why(
    engine: Engine, model: str, why: str, english_as_chosen: Choice
) -> None:
    choice.choose(Choice(model=model, engine=engine))
    (said,) = [m.msg for m in run_checks() if m.id == "compliance.W002"]
    assert why in said and "every post and draft is held" in said
    cases.post("My name is Keisha Brandt.")
    assert PostRevision.objects.get().text.scan_state == ScanState.HELD


@pytest.mark.parametrize(
    ("label", "kind"),
    [("B-PER", "NAME"), ("I-loc", "LOCATION"), ("PATIENT", "NAME"), ("MISC", None), ("O", None)],
)
def test_labels_of_other_models(label: str, kind: str | None) -> None:
    assert other_models.kind_of(label) == kind
