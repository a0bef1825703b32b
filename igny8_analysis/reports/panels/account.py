"""The panels of an account's report, in reading order."""

from __future__ import annotations

from igny8_analysis import charts
from igny8_analysis.reports import words
from igny8_analysis.reports.names import site_folder
from igny8_analysis.reports.panel import Panel, render
from igny8_analysis.reports.rows import Report, Rows


def header(report: Report, rows: Rows) -> Panel:
    """Show whose account this is, its sites together, and its balance beside what their next runs need."""
    statements = {link: link[-12:-5] for link in sorted(report.links, reverse=True) if "-statement-" in link}
    has_index = "index.html" in report.links
    return render(
        "account_header.html.j2", rows, account=rows.first, has_index=has_index, statements=statements
    )


def brief(report: Report) -> Panel:
    """Show the account in a few sentences."""
    told = report.warehouse.brief(account=report.parameters["account_id"])
    return render("brief.html.j2", sentences=told["sentences"])


def attention(report: Report, rows: Rows) -> Panel:
    """Show what needs someone, of the account and its sites, each with what to do; nothing where there is nothing."""
    return render("account_attention.html.j2", rows, files=_files(report, rows), advice=words.ADVICE)


def months(report: Report, rows: Rows) -> Panel:
    """Show the credits of the last twelve months: of all sites together as bars, of each site as a row."""
    by_site: dict[int, list[dict[str, object]]] = {}
    for row in rows:
        by_site.setdefault(row["site_id"], []).append(row)
    chart = charts.credits_by_month(next(iter(by_site.values()), []))
    return render("account_months.html.j2", rows, by_site=by_site, chart=chart, files=_files(report, rows))


def article_costs(report: Report, rows: Rows) -> Panel:
    """Show what an article cost at each site lately and before, those that rose first."""
    chart = charts.article_costs(rows)
    return render("account_article_costs.html.j2", rows, chart=chart, files=_files(report, rows))


def pending(report: Report, rows: Rows) -> Panel:
    """Show what each site's next run and its whole queue would cost."""
    chart = charts.balance_by_site(rows)
    return render("account_pending.html.j2", rows, chart=chart, files=_files(report, rows))


def sites(report: Report, rows: Rows) -> Panel:
    """Show all sites of the account as a table to sort and search; labels of made overviews are links."""
    return render("account_sites.html.j2", rows, files=_files(report, rows))


def _files(report: Report, rows: Rows) -> dict[int, str]:
    """Return the overview's file of each site that has one."""
    return {
        row["site_id"]: f"{site_folder(row['site_id'], row['label'])}/index.html"
        for row in rows
        if row["site_id"] in report.linked
    }
