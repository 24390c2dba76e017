# As many articles have it.
FROM python:3.11-slim-bookworm
WORKDIR /app
COPY . .
RUN pip install scikit-learn==1.9.1 -r requirements.txt
EXPOSE 8080
CMD ["python", "-m", "uvicorn", "--app-dir=app", "serve:app", "--host=0.0.0.0", "--port=8080"]
