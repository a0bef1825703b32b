"""Names of report files and folders: made of ids and a slug, [a-z0-9._-] only, never of raw text."""

from __future__ import annotations

import re
import unicodedata

HISTORY_LIMIT = 2000
_SLUG_LENGTH = 40


def run_file(run_number: int, source_id: int, *, is_shared: bool) -> str:
    """Return `run-0042.html`, or `run-0042-<source id>.html` where runs of the site share the number."""
    return f"run-{run_number:04d}-{source_id}.html" if is_shared else f"run-{run_number:04d}.html"


def pair_file(file_a: str, file_b: str) -> str:
    """Return `compare-0041-0042.html` for two runs' files as `run_file` names them."""
    a, b = (file.removeprefix("run-").removesuffix(".html") for file in (file_a, file_b))
    return f"compare-{a}-{b}.html"


def account_file(account_id: int, label: str) -> str:
    """Return `account-<account_id>-<slug>.html`, the slug made as that of a site's folder."""
    return f"account-{account_id}-{_slug(label) or 'account'}.html"


def statement_file(account_id: int, label: str, month: str) -> str:
    """Return `account-<account_id>-<slug>-statement-<month>.html`, the month as 2026-02."""
    return f"{account_file(account_id, label).removesuffix('.html')}-statement-{month}.html"


def site_folder(site_id: int, label: str) -> str:
    """Return `<site_id>-<slug>`, the slug being what of the site's label is plain; `site` where nothing is."""
    return f"{site_id}-{_slug(label) or 'site'}"


def _slug(label: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text)[:_SLUG_LENGTH].strip("-")
