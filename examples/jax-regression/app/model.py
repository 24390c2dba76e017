"""The network: two hidden layers, from five numbers to one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

Predict = Callable[[list[float]], dict[str, object]]
Weights = list[tuple[jax.Array, jax.Array]]
FEATURES = 5
"""The variables of Friedman's function, each from 0 to 1."""
SIZES = (FEATURES, 32, 32, 1)
FILE = Path(__file__).with_name("weights.npz")
"""Where `train.py` leaves the weights: the image is built with them."""


def untrained(key: jax.Array) -> Weights:
    """Matrix and offset of each layer, scaled so that no layer is louder than the one before."""
    keys = jax.random.split(key, len(SIZES) - 1)
    return [
        (jax.random.normal(key, (inner, outer)) * jnp.sqrt(2 / inner), jnp.zeros(outer))
        for key, inner, outer in zip(keys, SIZES, SIZES[1:], strict=False)
    ]


def network(weights: Weights, x: jax.Array) -> jax.Array:
    """One number for each row."""
    *hidden, (matrix, offset) = weights
    for inner, shift in hidden:
        x = jax.nn.relu(x @ inner + shift)
    return (x @ matrix + offset)[:, 0]


def save(weights: Weights) -> None:
    """As plain arrays: `matrix0`, `offset0`, `matrix1` and so on."""
    named = {f"{name}{n}": part for n, layer in enumerate(weights) for name, part in zip(NAMES, layer, strict=True)}
    np.savez(FILE, **named)


NAMES = ("matrix", "offset")


def load() -> Predict:
    """The trained network as a function of one point, compiled."""
    with np.load(FILE) as stored:
        weights = [tuple(jnp.asarray(stored[f"{name}{n}"]) for name in NAMES) for n in range(len(SIZES) - 1)]
    compiled = jax.jit(network)
    compiled(weights, jnp.zeros((1, FEATURES)))

    def predict(features: list[float]) -> dict[str, object]:
        with np.errstate(over="ignore"):
            point = np.array([features], "float32")
        (value,) = compiled(weights, point).tolist()
        return {"prediction": value}

    return predict
