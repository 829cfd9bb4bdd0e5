"""The encoder that judges a sentence by every rule, as torch trains it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from compliance.scanners.units import Role
from scripts.training.encoder import Tagger, from_base


class Judge(nn.Module):
    """Logits of each rule for each sentence.

    Args:
        encoder: a tagger, of which the head is used on the mean of the judged word pieces, and the
            embedding of cases for the roles.
    """

    def __init__(self, encoder: Tagger) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(
        self, ids: torch.Tensor, roles: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Logits of shape (rows, rules).

        Args:
            ids, roles: of shape (rows, pieces).
            mask: 1 for pieces, 0 for padding; None if nothing is padded.
        """
        states = self.encoder.states(ids, roles, mask)
        judged = (roles == int(Role.JUDGED)).unsqueeze(-1).to(states.dtype)
        mean = (states * judged).sum(1) / judged.sum(1).clamp(min=1.0)
        return torch.as_tensor(self.encoder.head(self.encoder.dropout(mean)))


def new_judge(base: Path, rules: int) -> Judge:
    """A judge with the weights of the base encoder and a new head."""
    return Judge(from_base(base, rules))
