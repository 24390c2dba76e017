"""Build images and compare them with their forecasts: `python tasks/forecasts.py [--large]`, with an engine at hand.

Prints for each image what was forecast and what it is, unpacked and compressed, without the base image; and last the
largest difference, which `BOUND` in `planners/forecasting.py` has to cover. `--large` adds images with CUDA (30 GB).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from mlcontainers import BuiltImage, Image, build, plan
from mlcontainers.engines.host import find_links
from mlcontainers.planners.forecasting import BOUND
from mlcontainers.values.sizes import human_size

CPU = Image.from_cpu(python="3.12")
IMAGES = {
    "scikit-learn": CPU.add_sklearn(),
    "TensorFlow": CPU.add_tensorflow(),
    "Keras on JAX": CPU.add_keras(backend="jax"),
    "XGBoost and pandas": CPU.add_framework("xgboost").add_pip("pandas"),
    "ONNX Runtime and FastAPI": CPU.add_framework("onnxruntime").add_pip("fastapi", "uvicorn"),
    "Transformers": CPU.add_transformers(framework="none"),
    "PyTorch": Image.from_cpu(python="3.11").add_torch("2.13"),
}
LARGE = {
    "PyTorch, CUDA": Image.from_cuda(python="3.12").add_torch(),
    "TensorFlow, CUDA": Image.from_cuda(python="3.12").add_tensorflow(),
    "JAX, CUDA": Image.from_cuda(python="3.12").add_jax(),
}


def main() -> int:
    wheels = next((folder for folder in find_links() if list(folder.glob("torch-2.13.0+cpu-cp311-*.whl"))), None)
    worst = 0.0
    print("| image | unpacked: forecast | built | compressed: forecast | built |\n| --- | --- | --- | --- | --- |")
    for name, image in {**IMAGES, **(LARGE if "--large" in sys.argv else {})}.items():
        expected = plan(image).forecast
        if expected.unknown:
            raise SystemExit(f"{name}: nobody has measured {', '.join(expected.unknown)}")
        tag = f"mlcontainers-forecast:{''.join(filter(str.isalnum, name)).lower()}"
        with tempfile.TemporaryDirectory() as empty:
            here = wheels if name == "PyTorch" else None
            built = build(image, context=Path(empty), tags=[tag], host_settings=True, wheelhouse=here)
        rows = weighed(built)
        _docker("image", "rm", "--force", *built.references)
        worst = max(worst, *(abs(real / forecast - 1) for forecast, real in rows))
        print(f"| {name} | " + " | ".join(human_size(size) for row in rows for size in row) + " |")
    print(f"\nat most {worst:.1%} off")
    return 0 if worst <= BOUND else 1


def weighed(built: BuiltImage) -> tuple[tuple[int, int], tuple[int, int]]:
    """Forecast and size of an image that is in the engine, without its base: unpacked, and compressed."""
    base, (tag, *_), expected = str(built.plan.target.base), built.tags, built.plan.forecast
    unpacked, compressed = (size(tag) - size(base) for size in (_unpacked, _compressed))
    return (expected.image, unpacked), (expected.compressed, compressed)


def _unpacked(reference: str) -> int:
    sizes = _docker("history", "--human=false", "--format={{.Size}}", reference).split()
    return sum(int(float(size)) for size in sizes)


def _compressed(reference: str) -> int:
    return int(json.loads(_docker("image", "inspect", reference))[0]["Size"])


def _docker(*command: str) -> str:
    return subprocess.run(["docker", *command], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
