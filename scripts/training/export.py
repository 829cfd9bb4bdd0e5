"""Writes a trained encoder as the product loads it: ONNX in int8, tokenizer, labels."""

from __future__ import annotations

import copy
import functools
import json
import re
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

from scripts.training.encoder import HEADS, Layer, from_base
from scripts.training.examples import LABELS
from scripts.training.judge import Judge
from scripts.training.skimmer import PLAIN, Skimmer

INT8 = "_quantized"  # what the quantiser puts behind the name of a weight


class FusedAttention(torch.autograd.Function):
    """Stands in the exported graph for onnxruntime's attention, which is one step there.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Attention
    """

    @staticmethod
    def forward(
        ctx: Any, states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        """The shape alone; the graph is traced, never run here."""
        return states

    @staticmethod
    def symbolic(g: Any, states: Any, weight: Any, bias: Any) -> Any:
        """The step of the graph."""
        step = g.op("com.microsoft::Attention", states, weight, bias, num_heads_i=HEADS)
        return step.setType(states.type())


class FusedReading(torch.autograd.Function):
    """Stands for onnxruntime's attention of some pieces to all, which is one step there.

    https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MultiHeadAttention
    """

    @staticmethod
    def forward(
        ctx: Any, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        """The shape alone; the graph is traced, never run here."""
        return queries

    @staticmethod
    def symbolic(g: Any, queries: Any, keys: Any, values: Any) -> Any:
        """The step of the graph."""
        step = g.op("com.microsoft::MultiHeadAttention", queries, keys, values, num_heads_i=HEADS)
        return step.setType(queries.type())


class _Reading(nn.Module):
    """A layer that reads all states but changes some, with the products of both apart."""

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
        read = FusedReading.apply(self.asks(some), self.keys(states), self.values(states))
        return self.layer.digest(some, read)


class _Skimming(nn.Module):
    """A skimmer as it runs: what is not read on is not computed."""

    def __init__(self, skimmer: Skimmer) -> None:
        super().__init__()
        self.skimmer = skimmer
        first, *rest = skimmer.tagger.layers
        first.read = functools.partial(_fused, first)
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


def _fused(layer: Layer, states: torch.Tensor, mask: None) -> torch.Tensor:
    return torch.as_tensor(FusedAttention.apply(states, layer.mixed.weight.t(), layer.mixed.bias))


def export(skimmer: Skimmer, base: Path, out: Path, facts: dict[str, object]) -> None:
    """Writes `model.onnx`, `model.data` with its weights, `tokenizer.json` and `config.json` with
    the labels and these facts."""
    facts = {"labels": LABELS, **facts}
    _write(_Skimming(copy.deepcopy(skimmer)), ("ids", "cases"), {1: "pieces"}, base, out, facts)
    # Weights in a file of their own are mapped: of the vocabulary, only what is read takes memory.
    model = onnx.load(out / "model.onnx")
    (out / "model.data").unlink(missing_ok=True)
    onnx.save(
        model,
        out / "model.onnx",
        save_as_external_data=True,
        location="model.data",
        size_threshold=1024,
    )
    for file in ("model.onnx", "model.data"):
        (out / file).chmod(0o644)


def read_back(folder: Path, base: Path, goes_on: torch.Tensor) -> Skimmer:
    """The skimmer that `export` wrote into this folder, as exactly as int8 kept it."""
    graph = onnx.load(folder / "model.onnx").graph
    stored = {
        tensor.name: numpy_helper.to_array(tensor, str(folder)) for tensor in graph.initializer
    }

    def real(name: str) -> np.ndarray:
        whole = stored[name].astype(np.float32) - stored[name.replace(INT8, "_zero_point")]
        return whole * stored[name.replace(INT8, "_scale")]

    weights = {_place(name): stored[name] for name in stored if name.endswith((".weight", ".bias"))}
    for name in stored:
        if name.endswith(f".weight{INT8}"):
            weights[_place(name.removesuffix(INT8))] = real(name)
    # Products are nameless, but the steps that compute them are called after their modules.
    for node in graph.node:
        for name in node.input:
            if name in stored and name.endswith(INT8) and ".weight" not in name:
                weights[_place(f"{_module(node.name)}.weight")] = real(name).T
    tagger = from_base(base, len(LABELS))
    for number in range(1, len(tagger.layers)):
        for kind in ("weight", "bias"):
            apart = [f"tagger.layers.{number}.{part}.{kind}" for part in ("asks", "keys", "values")]
            mixed = np.concatenate([weights.pop(name) for name in apart])
            weights[f"tagger.layers.{number}.mixed.{kind}"] = mixed
    skimmer = Skimmer(tagger, goes_on)
    state = {name: torch.tensor(array) for name, array in weights.items()}
    skimmer.load_state_dict({"goes_on": goes_on, "enough": skimmer.enough, **state})
    return skimmer


def _module(step: str) -> str:
    """The module that a step of the graph is of: "/rest.0/up/MatMul_quant" is of "rest.0.up"."""
    *outer, inner = step.strip("/").split("/")[:-1]
    if outer and not inner.startswith(outer[-1]):
        inner = ".".join((*outer, inner))
    return f"{inner}.mixed" if inner == "layers.0" else inner


def _place(name: str) -> str:
    """Where a skimmer has what is called so in its graph."""
    name = name.removeprefix("skimmer.")
    if match := re.match(r"rest\.(\d+)\.", name):
        name = f"layers.{1 + int(match[1])}.{name[match.end() :]}"
    return name if name.startswith(("tagger.", "marks.")) else f"tagger.{name}"


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
