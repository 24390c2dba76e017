"""The model: what is known of a flat in, its price out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import joblib

Predict = Callable[[list[float]], dict[str, object]]
NAMES = ("square metres", "rooms", "floor", "age in years", "kilometres to the centre")
FEATURES = len(NAMES)
FILE = Path(__file__).with_name("prices.joblib")
"""Where `train.py` leaves the model: the image is built with it."""


def load() -> Predict:
    """The trained model as a function of one flat's features."""
    prices = joblib.load(FILE)

    def predict(features: list[float]) -> dict[str, object]:
        (price,) = prices.predict([features])
        return {"prediction": round(float(price), -2)}

    return predict
