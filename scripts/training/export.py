"""Writes a trained encoder as the product loads it: ONNX in int8, tokenizer, labels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from scripts.training.encoder import Tagger
from scripts.training.examples import LABELS
from scripts.training.judge import Judge


def export(tagger: Tagger, base: Path, out: Path, facts: dict[str, object]) -> None:
    """Writes `model.onnx`, `tokenizer.json` and `config.json` with the labels and these facts."""
    _write(tagger, ("ids", "cases"), {1: "pieces"}, base, out, {"labels": LABELS, **facts})


def export_judge(judge: Judge, base: Path, out: Path, facts: dict[str, object]) -> None:
    """Writes `model.onnx`, `tokenizer.json` and `config.json` with these facts."""
    _write(judge, ("ids", "roles"), {}, base, out, facts)


def _write(
    model: nn.Module,
    inputs: tuple[str, str],
    answers: dict[int, str],
    base: Path,
    out: Path,
    config: dict[str, object],
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    whole, prepared = out / "whole.onnx", out / "prepared.onnx"
    model.eval()
    # Always one window a run, unpadded: see docs/adr/0008-a-window-at-a-time.md.
    ids, others = torch.ones((1, 16), dtype=torch.int64), torch.ones((1, 16), dtype=torch.int64)
    torch.onnx.export(
        model,
        (ids, others),
        whole,
        input_names=list(inputs),
        output_names=["logits"],
        dynamic_axes={**{name: {1: "pieces"} for name in inputs}, "logits": answers},
        opset_version=17,
        dynamo=False,
    )
    quant_pre_process(whole, prepared, skip_symbolic_shape=True)
    quantize_dynamic(
        prepared,
        out / "model.onnx",
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=False,
        extra_options={"MatMulConstBOnly": True},
    )
    whole.unlink()
    prepared.unlink()
    shutil.copy(base / "tokenizer.json", out / "tokenizer.json")
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
