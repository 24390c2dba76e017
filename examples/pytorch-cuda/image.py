"""The image of `image.toml`, in Python: run it to print the Dockerfile."""

from mlcontainers import Image

image = (
    Image.from_cuda("12.8", python="3.12")
    .add_torch()
    .add_pip("numpy")
    .add_files("app", "/app")
    .add_run("python train.py")
    .with_serve("python", "serve.py", health="/health")
    .with_labels(
        title="pytorch-cuda",
        description="A 784-128-64-10 network on pictures that it makes itself",
    )
)

if __name__ == "__main__":
    from mlcontainers import plan

    print(plan(image).dockerfile.render(), end="")
