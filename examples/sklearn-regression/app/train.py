"""Train a linear regression on the diabetes data that ships with scikit-learn, and say how good it is."""

from __future__ import annotations

import joblib
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

from model import FEATURES, FILE


def main() -> None:
    features, progression = load_diabetes(return_X_y=True)
    assert features.shape[1] == FEATURES
    train_x, test_x, train_y, test_y = train_test_split(features, progression, test_size=0.2, random_state=0)

    regression = LinearRegression().fit(train_x, train_y)

    error = mean_squared_error(test_y, regression.predict(test_x))
    print(f"trained on {len(train_x)} patients, tested on {len(test_x)}: mean squared error {error:.1f}")
    joblib.dump(regression, FILE)


if __name__ == "__main__":
    main()
