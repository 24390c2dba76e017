"""The image of `image.toml`, in Python: run it to print the Dockerfile."""

from mlcontainers import Image

image = (
    Image.from_cpu(python="3.11")
    .add_tensorflow()
    .add_sklearn()
    .add_files("app", "/app")
    .add_run("python train.py")
    .with_env(TF_CPP_MIN_LOG_LEVEL="2")
    .with_serve("python", "serve.py", health="/health")
    .with_labels(
        title="image-classification",
        description="A 64-64-10 network that reads handwritten digits",
    )
)

if __name__ == "__main__":
    from mlcontainers import plan

    print(plan(image).dockerfile.render(), end="")
