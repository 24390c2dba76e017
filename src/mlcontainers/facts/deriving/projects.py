"""Which projects there are facts about, and which rule reads their metadata."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Rule: TypeAlias = Literal[
    "pages", "requires", "torch", "companion", "tensorflow", "jax", "jax-plugin", "onnxruntime", "cupy"
]  # fmt: skip


class Project(Struct, frozen=True):
    """One project of the index."""

    name: str
    rule: Rule = "requires"
    """How its metadata is read; with `pages` it is not read at all."""
    requires: tuple[str, ...] = ()
    """The run-time requirements that records tell of."""
    needs: tuple[str, ...] = ()
    """Further ones that decide whether it can be installed: compiled packages that are late for a Python."""
    extra_torch: bool = False
    """Whether its extra `torch` tells which torch it needs."""


_VLLM = (
    "flashinfer-python",
    "numba",
    "numpy",
    "ray",
    "torch",
    "torchaudio",
    "torchvision",
    "transformers",
    "triton",
    "xformers",
)
_TENSORFLOW = ("keras", "numpy", "protobuf", "tensorboard", "tensorflow-estimator")
_PROJECTS = (
    Project("torch", "torch"),
    Project("torchvision", "companion"),
    Project("torchaudio", "companion"),
    Project("triton", "pages"),
    Project("tensorflow", "tensorflow", _TENSORFLOW, ("jax",)),
    Project("tensorflow-cpu", requires=_TENSORFLOW),
    Project("tensorflow-cpu-aws", "requires", _TENSORFLOW, ("jax",)),
    Project("keras", requires=("numpy",)),
    Project("jax", "jax", ("jaxlib", "ml-dtypes", "numpy", "scipy")),
    Project("jaxlib", requires=("ml-dtypes", "numpy", "scipy")),
    Project("jax-cuda12-plugin", "jax-plugin", ("jax-cuda12-pjrt",)),
    Project("jax-cuda13-plugin", "jax-plugin", ("jax-cuda13-pjrt",)),
    Project("jax-cuda12-pjrt", "pages"),
    Project("jax-cuda13-pjrt", "pages"),
    Project("vllm", "requires", _VLLM, ("xgrammar",)),
    Project("flashinfer-python", "requires", ("torch",), ("cuda-tile",)),
    Project("cuda-tile", "pages"),
    Project("xgrammar", "pages"),
    Project("transformers", "requires", ("huggingface-hub", "numpy", "tokenizers"), ("pyyaml",), extra_torch=True),
    Project("diffusers", requires=("huggingface-hub", "numpy"), extra_torch=True),
    Project("lightning", "requires", ("torch", "torchmetrics"), ("pyyaml",)),
    Project("sentence-transformers", requires=("huggingface-hub", "torch", "transformers")),
    Project("accelerate", "requires", ("huggingface-hub", "numpy", "torch"), ("pyyaml",)),
    Project("xgboost", requires=("numpy", "nvidia-nccl-cu12", "nvidia-nccl-cu13", "scipy")),
    Project("xgboost-cpu", requires=("numpy", "scipy")),
    Project("scikit-learn", requires=("joblib", "numpy", "scipy", "threadpoolctl")),
    Project("lightgbm", requires=("numpy", "scipy")),
    Project("onnxruntime", requires=("numpy",)),
    Project("onnxruntime-gpu", "onnxruntime", ("numpy",)),
    Project("cupy-cuda12x", "cupy", ("numpy",)),
    Project("cupy-cuda13x", "cupy", ("numpy",)),
    Project("paddlepaddle", requires=("numpy",)),
    Project("paddlepaddle-gpu", requires=("numpy",)),
    # What users of these install beside them.
    Project("torchao", requires=("torch",)),
    Project("bitsandbytes", requires=("numpy", "torch")),
    Project("flash-attn", "pages"),
    Project("xformers", requires=("numpy", "torch")),
    Project("numba", requires=("llvmlite", "numpy")),
    Project("numpy", "pages"),
    Project("pyyaml", "pages"),
    Project("spacy", requires=("numpy", "thinc")),
    Project("catboost", requires=("numpy", "scipy")),
    Project("ray", "pages"),
)
PROJECTS = {project.name: project for project in _PROJECTS}
