"""Train the network on noisy values of Friedman's function, and say how good it is.

J. Friedman, Multivariate Adaptive Regression Splines, 1991: a sine of two variables, a parabola and two slopes.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from model import FEATURES, Weights, network, save, untrained

POINTS = 2000
HELD_BACK = 400
STEPS = 4000
BATCH = 64
RATE = 0.002
GOOD = 0.9
"""The share of the variance that has to be explained; the noise alone is four hundredths of it."""


def friedman(x: jax.Array) -> jax.Array:
    """The function, without noise."""
    a, b, c, d, e = x.T
    return 10 * jnp.sin(jnp.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e


def squared_error(weights: Weights, x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.mean((network(weights, x) - y) ** 2)


@jax.jit
def train(weights: Weights, x: jax.Array, y: jax.Array, key: jax.Array) -> Weights:
    """Gradient descent with momentum on one random batch after the other, as one compiled program."""

    def step(
        state: tuple[Weights, Weights], given: tuple[jax.Array, jax.Array]
    ) -> tuple[tuple[Weights, Weights], None]:
        weights, speed = state
        batch, rate = given
        slopes = jax.grad(squared_error)(weights, x[batch], y[batch])
        speed = jax.tree.map(lambda before, slope: 0.9 * before + slope, speed, slopes)
        return (jax.tree.map(lambda weight, change: weight - rate * change, weights, speed), speed), None

    batches = jax.random.randint(key, (STEPS, BATCH), 0, len(x))
    rates = jnp.linspace(RATE, 0, STEPS)
    (weights, _), _ = jax.lax.scan(step, (weights, jax.tree.map(jnp.zeros_like, weights)), (batches, rates))
    return weights


def main() -> None:
    for_points, for_noise, for_weights, for_batches = jax.random.split(jax.random.key(0), 4)
    x = jax.random.uniform(for_points, (POINTS, FEATURES))
    y = friedman(x) + jax.random.normal(for_noise, (POINTS,))
    train_x, train_y, test_x, test_y = x[HELD_BACK:], y[HELD_BACK:], x[:HELD_BACK], y[:HELD_BACK]

    weights = train(untrained(for_weights), train_x, train_y, for_batches)

    explained = float(1 - squared_error(weights, test_x, test_y) / jnp.var(test_y))
    print(f"explained on {HELD_BACK} points that it has not seen: {explained:.1%} of the variance")
    if explained < GOOD:
        raise SystemExit(f"expected at least {GOOD:.0%}")
    save(weights)


if __name__ == "__main__":
    main()
