"""The generated pages and their generator; not part of the wheel."""
