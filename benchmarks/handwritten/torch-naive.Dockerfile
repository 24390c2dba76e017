# As many articles have it.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y python3 python3-pip
WORKDIR /app
COPY . .
RUN --mount=type=bind,from=wheelhouse,target=/wheelhouse \
    pip install --break-system-packages --find-links=/wheelhouse torch==2.13.0+cpu -r requirements.txt
EXPOSE 8080
CMD ["python3", "-m", "uvicorn", "--app-dir=app", "serve:app", "--host=0.0.0.0", "--port=8080"]
