"""Placeholder while the floors are raised."""
