"""Source database to Parquet lake: adapters, contracts, versions. Knows nothing of statistics."""
