"""Trains the gate: what the encoder calls likely passes, as much else as possible does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from compliance.rules import shipped_rules
from compliance.scanners.gate import SLOTS, slots_of
from compliance.scanners.sentences import Passage
from compliance.scanners.units import SENTENCE, Unit, encoded, units
from scripts.training.judge import Judge, padded
from scripts.training.told import Told

LIKELY = 0.2  # a chance from which on the encoder is to be asked
PASSED = 0.995  # of the likely sentences
STEPS, RATE, DECAY = 400, 0.05, 2e-4
MOST = 12_000  # sentences of real posts


def real_sentences(carriers: Path) -> list[Unit]:
    """Sentences of posts that nobody labelled: JSON Lines with `text`."""
    found: list[Unit] = []
    with carriers.open(encoding="utf-8") as lines:
        for line in lines:
            found += units(Passage(json.loads(line)["text"]))
            if len(found) >= MOST:
                break
    return found


def train_gate(
    judge: Judge,
    tokenizer: Tokenizer,
    rules: Sequence[str],
    examples: Sequence[Told],
    real: Sequence[Unit],
) -> np.ndarray:
    """Weights for each slot, and last the least sum that passes."""
    shipped = shipped_rules().rules
    inbound = [n for n, rule in enumerate(rules) if shipped[rule].applies_to("inbound")]
    of_posts = {rules[n] for n in inbound}
    sentences, wanted = [], []
    for example in examples:
        for unit in example.units:
            sentences.append(unit)
            wanted.append(example.fires and example.rule in of_posts)
    sentences += real
    wanted += [False] * len(real)
    likely = np.array(wanted) | (_chances(judge, tokenizer, sentences)[:, inbound].max(1) >= LIKELY)
    slots = [
        torch.tensor(slots_of(tokenizer.encode(u.words, add_special_tokens=False).ids[:SENTENCE]))
        for u in sentences
    ]
    flat = torch.cat(slots)
    starts = torch.tensor([0, *np.cumsum([len(s) for s in slots])[:-1]])
    weights = torch.zeros(SLOTS, requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([weights, bias], lr=RATE)
    target = torch.tensor(likely.astype(np.float32))
    rare = torch.tensor(8.0)
    for _ in range(STEPS):
        sums = functional.embedding_bag(flat, weights[:, None], starts, mode="sum")[:, 0] + bias
        loss = functional.binary_cross_entropy_with_logits(sums, target, pos_weight=rare)
        loss = loss + DECAY * weights.square().sum() / 100
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        sums = functional.embedding_bag(flat, weights[:, None], starts, mode="sum")[:, 0].numpy()
    least = np.quantile(sums[likely], 1 - PASSED)
    of_real = sums[-len(real) :] if real else sums
    print(
        f"gate: {likely.mean():.3f} are likely, {(of_real >= least).mean():.3f} of real ones pass"
    )
    return np.append(weights.detach().numpy(), least).astype(np.float16)


def _chances(judge: Judge, tokenizer: Tokenizer, sentences: Sequence[Unit]) -> np.ndarray:
    judge.eval()
    order = sorted(range(len(sentences)), key=lambda n: len(sentences[n].words))
    found = np.zeros((len(sentences), judge.encoder.head.out_features), np.float32)
    with torch.no_grad():
        for start in range(0, len(order), 64):
            numbers = order[start : start + 64]
            rows = [encoded(sentences[n], False, tokenizer) for n in numbers]
            found[numbers] = judge(*padded(rows)).sigmoid().numpy()
    return found
