"""The image of `image.toml`, in Python: run it to print the Dockerfile."""

from mlcontainers import Image

image = (
    Image.from_cuda("12.8", python="3.12")
    .add_torch()
    .add_pip("numpy")
    .add_files("app", "/app")
    .add_run("python train.py")
    .with_workdir("/app")
    .with_user("1000:1000")
    .with_ports(8080)
    .with_entrypoint("python", "serve.py")
    .with_labels(
        title="pytorch-cuda",
        description="A 784-128-64-10 network on pictures that it makes itself",
    )
    .with_healthcheck(
        "python",
        "-c",
        "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health', timeout=3)",
        interval="30s",
        timeout="5s",
        start_period="10s",
        retries=3,
    )
)

if __name__ == "__main__":
    from mlcontainers import plan

    print(plan(image).dockerfile.render(), end="")
