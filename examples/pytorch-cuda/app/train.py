"""Train the network on pictures that this program makes itself, and say how good it is."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from model import CLASSES, DEVICE, FEATURES, FILE, network

PICTURES = 4000
HELD_BACK = 800
EPOCHS = 5


def pictures(count: int) -> tuple[Tensor, Tensor]:
    """Each class is one random picture; each example is that picture behind a lot of noise."""
    classes = torch.rand(CLASSES, FEATURES, device=DEVICE)
    labels = torch.randint(CLASSES, (count,), device=DEVICE)
    noise = 0.4 * torch.randn(count, FEATURES, device=DEVICE)
    return (classes[labels] + noise).clamp(0, 1), labels


def train(model: nn.Module, examples: DataLoader[tuple[Tensor, ...]]) -> None:
    """Cross entropy, stochastic gradient descent with momentum."""
    cross_entropy = nn.CrossEntropyLoss()
    descent = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        for images, labels in examples:
            descent.zero_grad()
            loss = cross_entropy(model(images), labels)
            loss.backward()
            descent.step()
            total += loss.item()
        print(f"epoch {epoch} of {EPOCHS}: loss {total / len(examples):.4f}", flush=True)


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of pictures that the network puts into the right class."""
    right: Tensor = model(images).argmax(dim=1) == labels
    return right.float().mean().item()


def main() -> None:
    torch.manual_seed(0)
    images, labels = pictures(PICTURES)
    model = network().to(DEVICE)
    examples = TensorDataset(images[HELD_BACK:], labels[HELD_BACK:])
    train(model, DataLoader(examples, batch_size=64, shuffle=True))
    share = accuracy(model, images[:HELD_BACK], labels[:HELD_BACK])
    print(f"accuracy on {HELD_BACK} pictures that it has not seen: {share:.1%}")
    torch.save(model.state_dict(), FILE)


if __name__ == "__main__":
    main()
