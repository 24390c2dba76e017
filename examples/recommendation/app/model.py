"""The model: every film has a few hidden traits, every person a taste for each; a rating is how well they match."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

Predict = Callable[[list[float]], dict[str, object]]
FEATURES = 30
"""One rating for each film, 1 to 5, and 0 for a film that the person has not seen."""
TRAITS = 3
RECOMMENDED = 3
CAUTION = 1.0
"""How many ratings a new person's taste has to outweigh: without it, one rating would settle everything."""
FILE = Path(__file__).with_name("films.pt")
"""Where `train.py` leaves what it learned of the films: the image is built with it."""


class Factorisation(nn.Module):
    """A table of people by films, as the product of two narrow ones."""

    def __init__(self, people: int) -> None:
        super().__init__()
        self.tastes = nn.Embedding(people, TRAITS)
        self.traits = nn.Embedding(FEATURES, TRAITS)
        self.averages = nn.Embedding(FEATURES, 1)
        nn.init.normal_(self.tastes.weight, std=0.1)
        nn.init.normal_(self.traits.weight, std=0.1)
        nn.init.constant_(self.averages.weight, 3.0)

    def forward(self, people: Tensor, films: Tensor) -> Tensor:
        matches = (self.tastes(people) * self.traits(films)).sum(dim=1)
        return self.averages(films)[:, 0] + matches


def load() -> Predict:
    """The films as a function of one new person's ratings: the taste that explains them best, then all films by it."""
    films = torch.load(FILE, map_location="cpu", weights_only=True)
    traits, averages = films["traits.weight"], films["averages.weight"][:, 0]

    @torch.inference_mode()
    def predict(features: list[float]) -> dict[str, object]:
        ratings = torch.tensor(features)
        seen = ratings != 0
        known = traits[seen]
        taste = torch.linalg.solve(known.T @ known + CAUTION * torch.eye(TRAITS), known.T @ (ratings - averages)[seen])
        expected = averages + traits @ taste
        best = expected.masked_fill(seen, -torch.inf).argsort(descending=True)
        unseen = best[: min(RECOMMENDED, int((~seen).sum()))]
        return {"prediction": unseen.tolist(), "ratings": expected.tolist()}

    return predict
