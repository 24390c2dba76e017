"""The model: ten measurements of a patient in, the progression of diabetes one year later out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import joblib

Predict = Callable[[list[float]], dict[str, object]]
FEATURES = 10
"""age, sex, bmi, bp and s1 to s6, each scaled as in the data set (mean 0, about -0.14 to 0.2)."""
FILE = Path(__file__).with_name("model.joblib")
"""Where `train.py` leaves the model: the image is built with it."""


def load() -> Predict:
    """The trained model as a function of one patient's features."""
    regression = joblib.load(FILE)

    def predict(features: list[float]) -> dict[str, object]:
        (progression,) = regression.predict([features])
        return {"prediction": float(progression)}

    return predict
