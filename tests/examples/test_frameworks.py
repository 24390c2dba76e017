"""The catalogue tried against reality: each framework at its newest and at what was newest two years ago, on the CPU.

A step of the image computes something small and says which release it is; the image itself compares what is installed
with what was planned. The newest TensorFlow, Keras on each backend, JAX, scikit-learn and Transformers are in the
default run too, by the examples. PyTorch is there in the one CPU wheel that the wheelhouse has, 2.13.0: its older CPU
wheels are on an index that is out of reach here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest

from mlcontainers import Image, build, plan
from mlcontainers.facts import catalogue
from mlcontainers.layers import Framework
from mlcontainers.values.quoting import shell

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.large
Backend: TypeAlias = Literal["tensorflow", "torch", "jax"]
START = Image.from_cpu(python="3.11")
TORCH = START.add_torch("2.13.0")
KEPT = "import numpy as np; "


@dataclass(frozen=True, slots=True)
class Tried:
    """A framework, and a computation of which the result is known."""

    project: str
    program: str
    """Leaves a module or a version in `of` and whether the result is right in `right`."""
    start: Image = START


TRIED = (
    Tried("tensorflow", "import tensorflow as of; right = float(of.reduce_sum(of.square([1.0, 2.0]))) == 5"),
    Tried("jax", "import jax as of; right = float(of.grad(lambda x: x**3)(2.0)) == 12"),
    Tried(
        "scikit-learn",
        "import sklearn as of; from sklearn.linear_model import LinearRegression as L; "
        "right = abs(L().fit([[0], [1]], [1, 3]).predict([[2]])[0] - 5) < 1e-9",
    ),
    Tried("torch", "import torch as of; right = float(of.tensor([1.0, 2.0]).square().sum()) == 5"),
    Tried(
        "transformers",
        "import transformers as of, torch; m = of.BertModel(of.BertConfig(vocab_size=9, hidden_size=8, "
        "num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)); "
        "right = m(torch.tensor([[1, 2]])).last_hidden_state.shape == (1, 2, 8)",
        TORCH,
    ),
    Tried(
        "xgboost",
        KEPT + "import xgboost as of; d = of.DMatrix(np.arange(8.0).reshape(8, 1), label=[0] * 4 + [1] * 4); "
        "b = of.train({'min_child_weight': 0, 'eta': 1, 'lambda': 0, 'max_depth': 1}, d, 1); "
        "right = abs(b.predict(d) - d.get_label()).max() < 1e-6",
    ),
    Tried(
        "lightgbm",
        KEPT + "import lightgbm as of; x = np.arange(100.0).reshape(100, 1); y = (x[:, 0] > 49) * 1.0; "
        "b = of.train({'objective': 'regression', 'verbose': -1, 'num_threads': 1}, of.Dataset(x, y), 50); "
        "right = abs(b.predict(x) - y).mean() < 0.1",
    ),
    Tried(
        "catboost",
        KEPT + "import catboost as of; x = np.arange(100.0).reshape(100, 1); y = (x[:, 0] > 49) * 1.0; "
        "m = of.CatBoostRegressor(iterations=60, verbose=0, allow_writing_files=False, thread_count=1).fit(x, y); "
        "right = abs(m.predict(x) - y).max() < 0.3",
    ),
    Tried("onnxruntime", "import onnxruntime as of; right = 'CPUExecutionProvider' in of.get_available_providers()"),
    Tried("spacy", "import spacy as of; right = [w.text for w in of.blank('en')('a b')] == ['a', 'b']"),
    Tried("numba", "import numba as of; right = of.njit(lambda n: n * n)(7) == 49"),
    Tried("ray", "import ray as of; right = of.ObjectID.nil().is_nil()"),
    Tried(
        "lightning",
        "import lightning as of, torch; m = of.LightningModule(); m.w = torch.nn.Linear(2, 1); "
        "right = len(list(m.parameters())) == 2",
        TORCH,
    ),
    Tried(
        "accelerate",
        "import accelerate as of, torch; m = of.Accelerator(cpu=True).prepare(torch.nn.Linear(2, 1)); "
        "right = m(torch.ones(1, 2)).shape == (1, 1)",
        TORCH,
    ),
    Tried(
        "sentence-transformers",
        "import sentence_transformers as of, torch; from sentence_transformers.util import cos_sim; "
        "right = abs(float(cos_sim(torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.0]))) - 1) < 1e-6",
        TORCH,
    ),
    Tried(
        "diffusers",
        "import diffusers as of, torch; m = of.UNet2DModel(sample_size=8, in_channels=1, out_channels=1, "
        "layers_per_block=1, block_out_channels=(8,), norm_num_groups=4, down_block_types=('DownBlock2D',), "
        "up_block_types=('UpBlock2D',)); right = m(torch.ones(1, 1, 8, 8), 1).sample.shape == (1, 1, 8, 8)",
        TORCH,
    ),
)


def two_years_ago(project: str) -> str:
    """The newest release of the day two years before the facts."""
    facts = catalogue()
    today = date.fromisoformat(facts.as_of)
    day = today.replace(year=today.year - 2, day=min(today.day, 28)).isoformat()
    final = (one for one in facts.releases(project) if not (one.yanked or one.version.is_prerelease))
    return str(max(one.version for one in final if one.released <= day))


def image_with(tried: Tried, version: str | None) -> Image:
    """The framework by the method that is made for it."""
    match tried.project:
        case "torch":
            return TORCH
        case "tensorflow":
            return START.add_tensorflow(version)
        case "jax":
            return START.add_jax(version)
        case "scikit-learn":
            return START.add_sklearn(version)
        case "transformers":
            return TORCH.add_transformers(version)
        case project:
            return tried.start.add_framework(project, version)


def tried_in_a_build(image: Image, program: str, folder: Path, wheelhouse: Path | None) -> None:
    """The image with the program as a step of its own; nothing is kept but the builder's cache."""
    decided = plan(image)
    framework = [layer for layer in image.layers if isinstance(layer, Framework)][-1]
    project = framework.wishes(decided.target.accelerator, "x86_64")[0].project
    (chosen,) = (one for one in decided.pins if one.project == project)
    asked = f"{program}; assert right; assert of.__version__ == {str(chosen.version)!r}, of.__version__"
    computed = image.with_env(PYTHONWARNINGS="ignore", CUDA_VISIBLE_DEVICES="").add_run(f"python -Bc {shell(asked)}")
    local = wheelhouse if any(layer.kind == "torch" for layer in image.layers) else None
    build(computed, context=folder, load=False, host_settings=True, wheelhouse=local)


@pytest.mark.parametrize("tried", TRIED, ids=lambda tried: tried.project)
def test_the_newest(tried: Tried, engine: str, tmp_path: Path, wheelhouse: Path | None) -> None:
    tried_in_a_build(image_with(tried, None), tried.program, tmp_path, wheelhouse)


@pytest.mark.parametrize("tried", [one for one in TRIED if one.project != "torch"], ids=lambda tried: tried.project)
def test_the_newest_of_two_years_ago(tried: Tried, engine: str, tmp_path: Path, wheelhouse: Path | None) -> None:
    tried_in_a_build(image_with(tried, two_years_ago(tried.project)), tried.program, tmp_path, wheelhouse)


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
@pytest.mark.parametrize("old", [False, True], ids=["newest", "two-years-ago"])
def test_keras_on(backend: Backend, old: bool, engine: str, tmp_path: Path, wheelhouse: Path | None) -> None:
    start = {"torch": TORCH}.get(backend, START)
    image = start.add_keras(two_years_ago("keras") if old else None, backend=backend)
    program = "import keras as of; right = float(of.ops.sum(of.ops.square([1.0, 2.0]))) == 5"
    program += f" and of.backend.backend() == {backend!r}"
    tried_in_a_build(image, program, tmp_path, wheelhouse)
