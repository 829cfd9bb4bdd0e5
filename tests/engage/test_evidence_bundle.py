"""All evidence of one reply as a file, checked as an outsider would: with what is in it, alone."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance import vault
from compliance.ledger import log, merkle
from compliance.models import Event
from engage import publications, watching
from engage.connectors.base import Posted
from engage.evidence_bundle import bundle_of
from engage.models import Publication
from engage.verify_evidence import faults, root_of
from reviews.enums import Role
from tests import cases
from tests.laws.test_one_live_copy import REF, FakePlatform, drive, platform

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(platform: FakePlatform) -> Publication:
    platform.outcomes = [Posted(REF, "https://community.example/1")]
    publication = cases.queued_publication()
    drive(publication)
    watching.look(publication.pk)
    return publications.read(publication.pk)


def unpacked(publication: Publication, folder: Path) -> Path:
    for n in range(5):  # the log holds more than this reply
        cases.item(f"Other talk {n}.")
    cases.post()
    with zipfile.ZipFile(io.BytesIO(bundle_of(publication))) as archive:
        archive.extractall(folder)
    return folder


def said(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def test_bundle_holds_everything(live: Publication, tmp_path: Path) -> None:
    folder = unpacked(live, tmp_path)
    text = vault.unseal(live.review.text)
    review = said(folder, "reviews.json")[0]
    assert review["text"] == text and text in json.loads(review["packet"])["text"]
    assert [s["role"] for s in review["signatures"]] == ["compliance", "legal"]
    assert said(folder, "versions.json")[-1]["text"] == text
    assert [a["outcome"] for a in said(folder, "attempts.json")] == ["posted"]
    assert said(folder, "copies.json")[0]["is_what_was_signed"] is True
    assert said(folder, "publication.json")["address"] == "https://community.example/1"
    lines = (folder / "ledger.jsonl").read_text().splitlines()
    kinds = [json.loads(json.loads(line)["event"])["kind"] for line in lines]
    assert {"draft_saved", "signed", "cleared", "attempt_started", "published"} <= set(kinds)
    assert len(lines) == Event.objects.filter(case_id=str(live.draft_id)).count()


def test_outsider_checks_it_with_nothing_but_python(live: Publication, tmp_path: Path) -> None:
    folder = unpacked(live, tmp_path)
    run = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "Everything holds.\n"), run.stderr


def changed_event(folder: Path) -> None:
    lines = (folder / "ledger.jsonl").read_text().splitlines()
    entry = json.loads(lines[1])
    entry["event"] = entry["event"].replace('"actor":"', '"actor":"x')
    lines[1] = json.dumps(entry)
    (folder / "ledger.jsonl").write_text("\n".join(lines))


def moved_event(folder: Path) -> None:
    lines = (folder / "ledger.jsonl").read_text().splitlines()
    first, second = json.loads(lines[0]), json.loads(lines[1])
    lines[0] = json.dumps({**first, "leaf": second["leaf"]})
    (folder / "ledger.jsonl").write_text("\n".join(lines))


def other_way(folder: Path) -> None:
    proof = min((folder / "proofs").iterdir())
    lines = proof.read_text().split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    proof.write_text("\n".join(lines))


def other_root(folder: Path) -> None:
    note = (folder / "checkpoint.txt").read_text().split("\n")
    note[1] = str(int(note[1]) + 1)
    (folder / "checkpoint.txt").write_text("\n".join(note))


def other_signer(folder: Path) -> None:
    reviews = said(folder, "reviews.json")
    reviews[0]["signatures"][0]["digest"] = "0" * 64
    (folder / "reviews.json").write_text(json.dumps(reviews))


@pytest.mark.parametrize(
    "change", [changed_event, moved_event, other_way, other_root, other_signer]
)
def test_whatever_was_changed_is_found(
    live: Publication, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    # The negative control.
    folder = unpacked(live, tmp_path)
    assert faults(folder) == []
    change(folder)
    assert faults(folder) != []


def test_proofs_have_the_form_that_others_read(live: Publication, tmp_path: Path) -> None:
    # https://c2sp.org/tlog-proof: form, index, hashes in base64, a blank line, the checkpoint.
    folder = unpacked(live, tmp_path)
    leaf = json.loads((folder / "ledger.jsonl").read_text().splitlines()[0])["leaf"]
    head, checkpoint = (folder / f"proofs/{leaf}.tlog-proof").read_text().split("\n\n", 1)
    form, index, *hashes = head.split("\n")
    assert (form, index) == ("c2sp.org/tlog-proof@v1", f"index {leaf}")
    assert hashes and all(len(base64.b64decode(one, validate=True)) == 32 for one in hashes)
    assert checkpoint == (folder / "checkpoint.txt").read_text()


@pytest.mark.parametrize("size", [*range(1, 20), 64, 65, 100])
def test_every_leaf_of_every_tree_leads_to_its_root(size: int) -> None:
    data = [str(n).encode() for n in range(size)]
    leaves = [merkle.leaf_hash(one) for one in data]
    root = merkle.root(merkle.append([], 0, leaves))
    for index, path in enumerate(merkle.audit_paths(leaves, range(size))):
        assert root_of(data[index], index, size, path) == root
        assert root_of(b"other", index, size, path) != root
        assert root_of(data[index], index, size, [*path, hashlib.sha256(b"").digest()]) != root


def test_file_is_given_to_those_who_may_reveal_and_say_why(
    client: Client, live: Publication
) -> None:
    address = reverse("take_out_evidence", args=[live.pk])
    client.force_login(cases.person(Role.COMPLIANCE))
    refused = client.post(address, {"reason": " "})
    assert refused.status_code == 400
    answer = client.post(address, {"reason": "An authority asks."})
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        kinds = [json.loads(json.loads(line)["event"])["kind"]
                 for line in archive.read("ledger.jsonl").decode().splitlines()]  # fmt: skip
    assert kinds[-1] == "signed_exported"  # that it was taken out is in it
    log.verify()
    client.force_login(cases.person(Role.CLINICIAN))
    assert client.post(address, {"reason": "I want it."}).status_code == 403
