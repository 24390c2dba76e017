"""The network: three layers, 784-128-64-10, from the pixels of a small picture to one of ten classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

Predict = Callable[[list[float]], dict[str, object]]
FEATURES = 28 * 28
"""The pixels of a picture, row by row, 0 for black to 1 for white."""
CLASSES = 10
FILE = Path(__file__).with_name("model.pt")
"""Where `train.py` leaves the weights: the image is built with them."""


def network() -> nn.Sequential:
    """The untrained network; the last layer gives logits, as cross entropy wants them."""
    return nn.Sequential(
        nn.Linear(FEATURES, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, CLASSES),
    )


def load() -> Predict:
    """The trained network as a function of one picture's pixels."""
    trained = network()
    trained.load_state_dict(torch.load(FILE, map_location="cpu", weights_only=True))
    trained.eval()

    @torch.inference_mode()
    def predict(features: list[float]) -> dict[str, object]:
        probabilities = trained(torch.tensor([features])).softmax(dim=1)[0]
        return {"prediction": int(probabilities.argmax()), "probabilities": probabilities.tolist()}

    return predict
