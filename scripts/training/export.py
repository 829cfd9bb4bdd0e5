"""Writes a trained encoder as the product loads it: ONNX in int8, tokenizer, labels."""

from __future__ import annotations

import copy
import functools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from scripts.training.encoder import HEADS, Layer, Tagger, from_base
from scripts.training.examples import LABELS
from scripts.training.judge import Judge
from scripts.training.skimmer import PLAIN, Skimmer

PRODUCTS = ("mixed", "out", "up", "down")  # of a layer, in the order in which it computes them


class Step(torch.autograd.Function):
    """Stands in the exported graph for a step that onnxruntime has and ONNX has not.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
    """

    @staticmethod
    def forward(ctx: Any, name: str, states: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        """The shape alone; the graph is traced, never run here."""
        return states

    @staticmethod
    def symbolic(g: Any, name: str, states: Any, *others: Any) -> Any:
        """The step of the graph."""
        step = g.op(f"com.microsoft::{name}", states, *others, num_heads_i=HEADS)
        return step.setType(states.type())


def _fused(layer: Layer, states: torch.Tensor, mask: None) -> torch.Tensor:
    mixed = layer.mixed
    return torch.as_tensor(Step.apply("Attention", states, mixed.weight.t(), mixed.bias))


class _Reading(nn.Module):
    """A layer that reads all states and changes some, with the products of both apart."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        size = layer.out.in_features
        self.asks, self.keys, self.values = (nn.Linear(size, size) for _ in range(3))
        for number, part in enumerate((self.asks, self.keys, self.values)):
            rows = slice(number * size, (number + 1) * size)
            part.weight = nn.Parameter(layer.mixed.weight[rows])
            part.bias = nn.Parameter(layer.mixed.bias[rows])
        self.layer = layer

    def forward(self, some: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        name = "MultiHeadAttention"
        read = Step.apply(name, self.asks(some), self.keys(states), self.values(states))
        return self.layer.digest(some, torch.as_tensor(read))


class _Skimming(nn.Module):
    """A skimmer as it runs: what is not read on is not computed."""

    def __init__(self, skimmer: Skimmer) -> None:
        super().__init__()
        self.skimmer = skimmer
        first, *rest = skimmer.tagger.layers
        self.first, self.rest = first, nn.ModuleList(map(_Reading, rest))
        labels = skimmer.tagger.head.out_features
        self.plain = nn.Parameter(PLAIN * (torch.arange(labels) == 0).float())

    def forward(self, ids: torch.Tensor, cases: torch.Tensor) -> torch.Tensor:
        second, *rest = self.rest
        everything = self.first(self.skimmer.tagger.embedded(ids, cases), None)
        some = self.marked(0, ids, everything)
        states = second(everything[:, some], everything)
        few = self.marked(1, ids[:, some], states)
        kept = states[:, few]
        for number, layer in enumerate(rest):
            if number:
                states = states.index_put((torch.zeros_like(few), few), kept[0])
            kept = layer(kept, states)
        logits = self.plain.expand(1, ids.shape[1], -1)
        at = some[few]
        return logits.index_put((torch.zeros_like(at), at), self.skimmer.tagger.head(kept)[0])

    def marked(self, number: int, ids: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """The numbers of the pieces that are read on."""
        chosen = self.skimmer.marks[number](states).squeeze(-1) > self.skimmer.enough[number]
        # The first piece, which stands for the whole text, so that there is always one.
        first = torch.arange(ids.shape[1]).unsqueeze(0) == 0
        return self.skimmer.words(ids, chosen | first)[0].nonzero().squeeze(1)


def export(tagger: Tagger | Skimmer, base: Path, out: Path, facts: dict[str, object]) -> None:
    """Writes `model.onnx`, `model.data` with its weights, `tokenizer.json` and `config.json` with
    the labels and these facts."""
    model: nn.Module = copy.deepcopy(tagger)
    if isinstance(model, Skimmer):
        fused, model = list(model.tagger.layers[:1]), _Skimming(model)
    else:
        fused = list(model.layers)
    for layer in fused:
        layer.read = functools.partial(_fused, layer)
    _write(model, ("ids", "cases"), {1: "pieces"}, base, out, {"labels": LABELS, **facts})
    # Weights in a file of their own are mapped: of the vocabulary, only what is read takes memory.
    written = onnx.load(out / "model.onnx")
    (out / "model.data").unlink(missing_ok=True)
    onnx.save(
        written,
        out / "model.onnx",
        save_as_external_data=True,
        location="model.data",
        size_threshold=1024,
    )
    for file in ("model.onnx", "model.data"):
        (out / file).chmod(0o644)


def read_back(folder: Path, base: Path) -> Tagger:
    """The tagger that `export` wrote into this folder, as exactly as int8 kept it; no skimmer."""
    stored = {
        tensor.name: numpy_helper.to_array(tensor, str(folder))
        for tensor in onnx.load(folder / "model.onnx").graph.initializer
    }

    def real(name: str) -> np.ndarray:
        whole = stored[f"{name}_quantized"].astype(np.float32) - stored[f"{name}_zero_point"]
        return whole * stored[f"{name}_scale"]

    tagger = from_base(base, len(LABELS))
    weights = {name: stored[name] for name in tagger.state_dict() if name in stored}
    for name in ("words.weight", "places.weight", "cases.weight"):
        weights[name] = real(name)
    # Products are named after their step and a number, in the order of the graph.
    steps = [name for name in stored if "::" in name and name.endswith("_quantized")]
    products = sorted((name.removesuffix("_quantized") for name in steps), key=_number)
    parts = [f"layers.{n}.{part}" for n in range(len(tagger.layers)) for part in PRODUCTS]
    for name, part in zip(products, [*parts, "head"], strict=True):
        weights[f"{part}.weight"] = real(name).T
    tagger.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    return tagger


def _number(name: str) -> int:
    return int(name.rpartition("_")[2])


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
        custom_opsets={"com.microsoft": 1},
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
