"""The network: dense layers of 64, 64 and 10, from the pixels of a handwritten digit to which digit it is.

Nothing here knows which framework computes: `KERAS_BACKEND` of the image says it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

Predict = Callable[[list[float]], dict[str, object]]
FEATURES = 8 * 8
"""The pixels of a picture, row by row, 0 for paper to 16 for ink."""
CLASSES = 10
FILE = Path(__file__).with_name("digits.keras")
"""Where `train.py` leaves the network: the image is built with it, and every backend can read it."""


def network() -> keras.Model:
    """The untrained network, compiled."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            layers.Rescaling(1 / 16),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def load() -> Predict:
    """The trained network as a function of one picture's pixels."""
    trained = keras.saving.load_model(FILE)
    backend = keras.backend.backend()

    def predict(features: list[float]) -> dict[str, object]:
        with np.errstate(over="ignore"):
            pictures = np.array([features], "float32")
        if not np.isfinite(pictures).all():
            raise ValueError("a pixel is beyond what 32 bits hold")
        (probabilities,) = keras.ops.convert_to_numpy(trained(pictures, training=False))
        prediction = int(probabilities.argmax())
        return {"prediction": prediction, "probabilities": probabilities.tolist(), "backend": backend}

    return predict
