"""The image of `image.toml`, in Python: run it to print the Dockerfile."""

from mlcontainers import Image

image = (
    Image.from_cpu(python="3.11")
    .add_sklearn()
    .add_files("app", "/app")
    .add_run("python train.py")
    .with_workdir("/app")
    .with_user("1000:1000")
    .with_ports(8080)
    .with_entrypoint("python", "serve.py")
    .with_labels(
        title="sklearn-regression",
        description="Linear regression on the diabetes data of scikit-learn",
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
