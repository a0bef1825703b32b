"""What a bare domain is, in one place: sites are stored by it and looked up by it."""


def bare_domain_sql(text: str) -> str:
    """DuckDB expression for the bare domain of a text expression.

    Lower case without scheme, `www.` and trailing slashes; a path stays; NULL where nothing is left.
    """
    return (
        f"nullif(regexp_replace(regexp_replace(lower(trim({text}, e' \\t\\r\\n')), "
        r"'^([a-z][a-z0-9+.-]*:)?//', ''), '^www\.|/+$', '', 'g'), '')"
    )
