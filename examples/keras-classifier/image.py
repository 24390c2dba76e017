"""The images of `image-tensorflow.toml`, `image-torch.toml` and `image-jax.toml`, in Python.

`python image.py jax` prints the Dockerfile of one.
"""

from mlcontainers import Image

START = Image.from_cpu(python="3.11")


def classifier(image: Image, backend: str) -> Image:
    """The same application, whatever computes."""
    return (
        image.add_sklearn()
        .add_files("app", "/app")
        .add_run("python train.py")
        .with_serve("python", "serve.py", health="/health")
        .with_labels(
            title=f"keras-classifier-{backend}",
            description="A 64-64-10 network that reads handwritten digits",
        )
    )


images = {
    "tensorflow": classifier(START.add_keras(backend="tensorflow"), "tensorflow").with_env(TF_CPP_MIN_LOG_LEVEL="2"),
    # So small a network loses more by sharing its work among threads than it gains.
    "torch": classifier(START.add_torch("2.13.0").add_keras(backend="torch"), "torch").with_env(OMP_NUM_THREADS="1"),
    "jax": classifier(START.add_jax().add_keras(backend="jax"), "jax"),
}

if __name__ == "__main__":
    import sys

    from mlcontainers import plan

    print(plan(images[sys.argv[1]]).dockerfile.render(), end="")
