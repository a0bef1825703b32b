"""The panels of an account's statement of a month, in reading order; the first three fit one sheet."""

from __future__ import annotations

from datetime import date
from typing import Any

from igny8_analysis.reports import formats, names
from igny8_analysis.reports.panel import Panel, render
from igny8_analysis.reports.rows import Report, Rows


def header(report: Report, rows: Rows) -> Panel:
    """Show whose month this is, the balance, what was added and what was used."""
    row = rows.first
    file = names.account_file(row["account_id"], row["account_name"] or "")
    return render(
        "statement_header.html.j2", rows, row=row, month=_month(row), account=file in report.links and file
    )


def use(rows: Rows) -> Panel:
    """Show what the month's credits were used for, beside the month before."""
    row = rows.first
    lines: list[tuple[str, Any, Any]] = [
        (name, row[column], row[f"{column}_before"])
        for name, column in (
            ("Credits added", "added_credits"),
            ("Articles made", "content_created"),
            ("Images made", "images_generated"),
            ("Credits for articles", "article_credits"),
            ("Credits for images", "image_credits"),
            ("Credits of no stage", "unstaged_credits"),
            ("Credits of work by hand", "by_hand_credits"),
            ("Credits used in all", "used_credits"),
        )
        if column != "unstaged_credits" or row[column] or row[f"{column}_before"]
    ]
    return render("statement_use.html.j2", rows, row=row, lines=lines, month=_month(row), before=_before(row))


def prices(rows: Rows) -> Panel:
    """Show the prices that changed in the month, each with its date."""
    return render("statement_prices.html.j2", rows)


def expected(rows: Rows) -> Panel:
    """Say what the running month is expected to cost and how long the balance lasts."""
    row = rows.first
    return render(
        "statement_expected.html.j2",
        rows,
        row=row,
        month=_month(row),
        likely=formats.likely_range(row["p80_low"], row["p80_high"]),
    )


def sites(rows: Rows) -> Panel:
    """Show what each site made and used: the dearest, the others as one line, and deleted ones as one."""
    return render("statement_sites.html.j2", rows)


def _month(row: dict[str, Any]) -> str:
    month: date | None = row["month_start"]
    return f"{month:%B %Y}" if month else ""


def _before(row: dict[str, Any]) -> str:
    return f"{row['month_before']:%B %Y}"
