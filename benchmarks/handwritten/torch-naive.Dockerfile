# As many articles have it.
FROM python:3.11-slim-bookworm
WORKDIR /app
COPY . .
RUN --mount=type=bind,from=wheelhouse,target=/wheelhouse \
    pip install --find-links=/wheelhouse torch==2.13.0+cpu -r requirements.txt
EXPOSE 8080
CMD ["python", "-m", "uvicorn", "--app-dir=app", "serve:app", "--host=0.0.0.0", "--port=8080"]
