"""Typed Dockerfile builders for machine learning; every choice rests on a dated fact."""
