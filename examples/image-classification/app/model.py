"""The network: dense layers of 64, 64 and 10, from the pixels of a handwritten digit to which digit it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

Predict = Callable[[list[float]], dict[str, object]]
FEATURES = 8 * 8
"""The pixels of a picture, row by row, 0 for paper to 16 for ink."""
CLASSES = 10
FOLDER = Path(__file__).with_name("digits")
"""Where `train.py` leaves the network, as a SavedModel: the image is built with it."""


def network() -> tf.keras.Model:
    """The untrained network, compiled."""
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            tf.keras.Input((FEATURES,)),
            layers.Rescaling(1 / 16),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def load() -> Predict:
    """The trained network as a function of one picture's pixels; a SavedModel needs none of the code above."""
    trained = tf.saved_model.load(str(FOLDER))

    def predict(features: list[float]) -> dict[str, object]:
        pictures = tf.constant([features], tf.float32)
        if not tf.reduce_all(tf.math.is_finite(pictures)):
            raise ValueError("a pixel is beyond what 32 bits hold")
        (probabilities,) = trained.serve(pictures).numpy()
        return {"prediction": int(probabilities.argmax()), "probabilities": probabilities.tolist()}

    return predict
