"""Learn the traits of films from ratings that this program makes itself, and say how good they are."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model import FEATURES, FILE, Factorisation

PEOPLE = 500
SEEN = 0.5
HELD_BACK = 0.2
EPOCHS = 60
GOOD = 0.6
"""The error against that of knowing only how a film is rated on average."""


def ratings() -> tuple[Tensor, Tensor, Tensor]:
    """People, films and ratings from 1 to 5. The first ten films are comedies, then crime, then space."""
    kinds = torch.eye(3).repeat_interleave(FEATURES // 3, dim=0)
    likes = 1.2 * torch.randn(PEOPLE, 3)
    table = (3 + likes @ kinds.T + 0.4 * torch.randn(PEOPLE, FEATURES)).clamp(1, 5).round()
    people, films = torch.nonzero(torch.rand(PEOPLE, FEATURES) < SEEN, as_tuple=True)
    return people, films, table[people, films]


def train(model: nn.Module, people: Tensor, films: Tensor, given: Tensor) -> None:
    """Squared error, Adam; the decay keeps tastes of which little is known near zero."""
    descent = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-5)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(given)).split(512):
            descent.zero_grad()
            loss = nn.functional.mse_loss(model(people[batch], films[batch]), given[batch])
            loss.backward()
            descent.step()


def error(expected: Tensor, given: Tensor) -> float:
    """By how many points a rating is missed: the root of the mean square."""
    return (expected - given).square().mean().sqrt().item()


def main() -> None:
    torch.manual_seed(0)
    people, films, given = ratings()
    test = torch.rand(len(given)) < HELD_BACK
    model = Factorisation(PEOPLE)
    train(model, people[~test], films[~test], given[~test])

    counts = films[~test].bincount(minlength=FEATURES)
    averages = films[~test].bincount(given[~test], minlength=FEATURES) / counts
    simple = error(averages[films[test]], given[test])
    with torch.inference_mode():
        found = error(model(people[test], films[test]), given[test])
    print(f"on {int(test.sum())} ratings that it has not seen it is {found:.2f} points off, averages are {simple:.2f}")
    if found > GOOD * simple:
        raise SystemExit(f"expected at most {GOOD:.0%} of the error of averages")
    learned = model.state_dict()
    torch.save({name: learned[name] for name in ("traits.weight", "averages.weight")}, FILE)


if __name__ == "__main__":
    main()
