"""The image of `image.toml`, in Python: run it to print the Dockerfile."""

from mlcontainers import Image

image = (
    Image.from_cpu(python="3.11")
    .add_torch("2.13.0")
    .add_pip("numpy")
    .add_files("app", "/app")
    .add_run("python train.py")
    # So small a network loses more by sharing its work among threads than it gains.
    .with_env(OMP_NUM_THREADS="1")
    .with_serve("python", "serve.py", health="/health")
    .with_labels(
        title="recommendation",
        description="Which films a person may like, by matrix factorisation",
    )
)

if __name__ == "__main__":
    from mlcontainers import plan

    print(plan(image).dockerfile.render(), end="")
