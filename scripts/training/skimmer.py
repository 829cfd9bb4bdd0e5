"""A tagger that skims a text before it reads, as torch trains it.

The first layer reads every word and marks those that may be part of an identifier; the second goes
on with these and marks again; the others go on with what is left, and see the rest as it was
skimmed. Of real posts, one word in ten is read to the end. It learns from the tagger that reads
everything (Hinton et al., arXiv:1503.02531); leaving words out on the way is from Goyal et al.,
arXiv:2001.08950.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import nn

from scripts.training.encoder import Tagger

NEURONS = 64  # between a state and its mark
PLAIN = 12.0  # logit of no identifier for a word that was not read to the end, the others' being 0


class Skimmed(NamedTuple):
    """What a skimmer says of each piece; all of shape (rows, pieces), `logits` with labels behind.

    Attributes:
        logits: of the labels, of those pieces that were read to the end.
        marks: evidence that a word may be part of an identifier, after the first layer and after
            the second.
        read: whether the third layer and those behind it read the piece.
    """

    logits: torch.Tensor
    marks: tuple[torch.Tensor, torch.Tensor]
    read: torch.Tensor


class Skimmer(nn.Module):
    """Logits of a label for each piece.

    Args:
        tagger: the one it begins as.
        goes_on: for each piece of the vocabulary whether it goes on with the word before it.
    """

    goes_on: torch.Tensor
    enough: torch.Tensor

    def __init__(self, tagger: Tagger, goes_on: torch.Tensor) -> None:
        super().__init__()
        self.tagger = copy.deepcopy(tagger)
        size = tagger.head.in_features
        self.marks = nn.ModuleList(
            nn.Sequential(nn.Linear(size, NEURONS), nn.GELU(), nn.Linear(NEURONS, 1))
            for _ in range(2)
        )
        self.register_buffer("goes_on", goes_on)
        self.register_buffer("enough", torch.zeros(2))  # evidence with which a word is read on

    def forward(
        self,
        ids: torch.Tensor,
        cases: torch.Tensor,
        mask: torch.Tensor,
        always: torch.Tensor,
    ) -> Skimmed:
        """Reads as it learns: everything is computed, but changes only where it is read on.

        Args:
            ids, cases, mask: as for the tagger, of shape (rows, pieces).
            always: which pieces are read to the end whatever their marks.
        """
        first, second, *rest = self.tagger.layers
        all_ = mask.bool()
        # The first piece stands for the whole text, and goes on always.
        always = always | (torch.arange(ids.shape[1], device=ids.device) == 0)
        states = first(self.tagger.embedded(ids, cases), all_[:, None, None, :])
        marks = [self.marks[0](states).squeeze(-1)]
        some = self.words(ids, always | (marks[0] > self.enough[0])) & all_
        states = torch.where(some.unsqueeze(-1), second(states, all_[:, None, None, :]), states)
        marks.append(self.marks[1](states).squeeze(-1))
        few = self.words(ids, always | (marks[1] > self.enough[1])) & some
        for layer in rest:
            read = layer(states, some[:, None, None, :])
            states = torch.where(few.unsqueeze(-1), read, states)
        return Skimmed(self.tagger.head(self.tagger.dropout(states)), (marks[0], marks[1]), few)

    def words(self, ids: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        """The pieces of all words of which a piece was chosen."""
        return (self._same(ids).float() @ chosen.float().unsqueeze(2)).squeeze(2) > 0

    def strongest(self, ids: torch.Tensor, marks: torch.Tensor) -> torch.Tensor:
        """For each piece the strongest evidence in its word."""
        return marks.unsqueeze(1).masked_fill(~self._same(ids), -torch.inf).amax(2)

    def _same(self, ids: torch.Tensor) -> torch.Tensor:
        """Which pieces are of one word, of shape (rows, pieces, pieces)."""
        number = (~self.goes_on[ids]).long().cumsum(1)
        return number.unsqueeze(2) == number.unsqueeze(1)

    def groups(self, encoder_rate: float, head_rate: float) -> list[dict[str, object]]:
        """Its parameters with their learning rates: what is new learns faster."""
        of_tagger = {"params": list(self.tagger.parameters()), "lr": encoder_rate}
        return [of_tagger, {"params": list(self.marks.parameters()), "lr": head_rate}]
