# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM python:${PYTHON}-slim-bookworm AS build
# Tools for the build only.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        build-essential \
        curl \
        git \
    && rm -rf /var/lib/apt/lists/*

ENV PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1
WORKDIR /src
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
COPY . .
RUN python -m build

FROM python:${PYTHON}-slim-bookworm
LABEL org.opencontainers.image.title="service" \
      org.opencontainers.image.version="1.0"
ARG VERSION=dev
ENV VERSION=$VERSION
RUN groupadd -r app && useradd -r -g app app
WORKDIR /app
COPY --from=build /src/dist/*.whl /tmp/
RUN pip install /tmp/*.whl \
    && rm /tmp/*.whl
COPY --chown=app:app config/ /app/config/
COPY entrypoint.sh /usr/local/bin/
RUN chmod +x /usr/local/bin/entrypoint.sh

USER app
EXPOSE 8080
VOLUME ["/data"]
HEALTHCHECK --interval=30s --timeout=5s CMD curl -f http://localhost:8080/health
STOPSIGNAL SIGTERM
ENTRYPOINT ["entrypoint.sh"]
CMD ["python", "-m", "service"]
