"""Parquet lake to numbers: one SQL file a view, and the builder that puts them into a DuckDB file."""
