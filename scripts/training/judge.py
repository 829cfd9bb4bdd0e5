"""The encoder that judges a sentence by every rule, as torch trains it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from compliance.scanners.units import Role
from scripts.training.encoder import Tagger, from_base


class Judge(nn.Module):
    """Logits of each rule for each sentence.

    Each rule looks for its own words: its logit is the mean of what the pieces say, weighted by how
    much each of them matters to that rule (Mullenbach et al., arXiv:1802.05695).

    Args:
        encoder: a tagger, of which the head says what a piece means for each rule, and the
            embedding of cases is used for the roles.
    """

    def __init__(self, encoder: Tagger) -> None:
        super().__init__()
        self.encoder = encoder
        size, rules = encoder.head.in_features, encoder.head.out_features
        self.matters = nn.Linear(size, rules)

    def forward(
        self, ids: torch.Tensor, roles: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Logits of shape (rows, rules).

        Args:
            ids, roles: of shape (rows, pieces).
            mask: 1 for pieces, 0 for padding; None if nothing is padded.
        """
        states = self.encoder.dropout(self.encoder.states(ids, roles, mask))
        context = (roles != int(Role.JUDGED)).unsqueeze(-1)
        matters = self.matters(states).masked_fill(context, -1e4).softmax(1)
        return torch.as_tensor((matters * self.encoder.head(states)).sum(1))

    def groups(self, encoder_rate: float, head_rate: float) -> list[dict[str, object]]:
        """Its parameters with their learning rates: what is new learns faster."""
        of_encoder = self.encoder.groups(encoder_rate, head_rate)
        return [*of_encoder, {"params": list(self.matters.parameters()), "lr": head_rate}]


def new_judge(base: Path, rules: int) -> Judge:
    """A judge with the weights of the base encoder and a new head."""
    return Judge(from_base(base, rules))


def padded(
    rows: Sequence[tuple[list[int], list[int]]],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, roles and mask of encoded sentences, as long as the longest of them."""
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.int64)
    roles, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for number, (own_ids, own_roles) in enumerate(rows):
        ids[number, : len(own_ids)] = torch.tensor(own_ids)
        roles[number, : len(own_ids)] = torch.tensor(own_roles)
        mask[number, : len(own_ids)] = 1
    return ids, roles, mask
