"""Train the network on the handwritten digits that ship with scikit-learn, and say how good it is."""

from __future__ import annotations

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from model import FEATURES, FILE, network

EPOCHS = 20
GOOD = 0.95
"""A network that puts fewer of the pictures that it has not seen into the right class is not worth an image."""


def main() -> None:
    keras.utils.set_random_seed(0)
    pictures, digits = load_digits(return_X_y=True)
    assert pictures.shape[1] == FEATURES
    train_x, test_x, train_y, test_y = train_test_split(pictures, digits, test_size=0.2, random_state=0)

    model = network()
    history = model.fit(train_x, train_y, epochs=EPOCHS, batch_size=32, verbose=0)

    _, accuracy = model.evaluate(test_x, test_y, verbose=0)
    print(f"trained on {len(train_x)} pictures by {keras.backend.backend()}: loss {history.history['loss'][-1]:.4f}")
    print(f"accuracy on {len(test_x)} pictures that it has not seen: {accuracy:.1%}")
    if accuracy < GOOD:
        raise SystemExit(f"expected at least {GOOD:.0%}")
    model.save(FILE)


if __name__ == "__main__":
    main()
