# By hand, as good as we can: uv from a stage of its own, caches, heavy packages apart, code last and linked.
FROM python:3.11-slim-bookworm AS uv
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --target=/opt/uv uv==0.13.9

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1
WORKDIR /app
RUN --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    --mount=type=cache,target=/root/.cache/uv \
    /opt/uv/bin/uv pip install --system --link-mode=copy --compile-bytecode scikit-learn==1.9.1
RUN --mount=type=bind,from=uv,source=/opt/uv,target=/opt/uv \
    --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \
    /opt/uv/bin/uv pip install --system --link-mode=copy --compile-bytecode --requirement=/tmp/requirements.txt
COPY --link app /app
EXPOSE 8080
USER 1000:1000
CMD ["uvicorn", "serve:app", "--host=0.0.0.0", "--port=8080"]
