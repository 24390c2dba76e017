"""Train a model of prices on flats that this program makes itself, and say how good it is."""

from __future__ import annotations

import joblib
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_percentage_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from model import FILE

FLATS = 3000
GOOD = 0.1
"""How far off the average prediction may be; one flat in itself is worth 8 % more or less than its features tell."""


def flats(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Flats of a town that does not exist: dear in the centre and when new, cheap on the ground floor."""
    chance = np.random.default_rng(0)
    area = chance.uniform(25, 160, count)
    rooms = np.clip(np.round(area / 28 + chance.normal(0, 0.6, count)), 1, 6)
    floor = chance.integers(0, 8, count)
    age = chance.uniform(0, 100, count)
    centre = chance.uniform(0.2, 15, count)
    metre = 6500 * np.exp(-0.06 * centre) * (1 - 0.4 * np.sin(np.pi * age / 120)) * np.where(floor == 0, 0.93, 1)
    price = area**0.95 * metre * (1 + 0.02 * rooms) * np.exp(chance.normal(0, 0.08, count))
    return np.column_stack((area, rooms, floor, age, centre)), price


def main() -> None:
    features, price = flats(FLATS)
    train_x, test_x, train_y, test_y = train_test_split(features, price, test_size=0.2, random_state=0)

    # Prices differ by so many per cent rather than by so much: their logarithm is what is learned.
    curve = make_pipeline(StandardScaler(), PolynomialFeatures(3), Ridge())
    prices = TransformedTargetRegressor(curve, func=np.log, inverse_func=np.exp).fit(train_x, train_y)

    off = mean_absolute_percentage_error(test_y, prices.predict(test_x))
    print(f"trained on {len(train_x)} flats, on {len(test_x)} others it is {off:.1%} off on average")
    if off > GOOD:
        raise SystemExit(f"expected at most {GOOD:.0%}")
    joblib.dump(prices, FILE)


if __name__ == "__main__":
    main()
