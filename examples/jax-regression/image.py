"""The image of `image.toml`, in Python: run it to print the Dockerfile."""

from mlcontainers import Image

image = (
    Image.from_cpu(python="3.11")
    .add_jax()
    .add_files("app", "/app")
    .add_run("python train.py")
    .with_serve("python", "serve.py", health="/health")
    .with_labels(
        title="jax-regression",
        description="A network that learns Friedman's function from noisy values",
    )
)

if __name__ == "__main__":
    from mlcontainers import plan

    print(plan(image).dockerfile.render(), end="")
