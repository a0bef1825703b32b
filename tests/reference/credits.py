"""Balances, settings, publishing, and the ledger beside the runs, as exact fractions."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from .reading import STAGES, Source
from .statistics import Maybe, items_of, total

STATES = ("drafts", "in_review", "approved", "scheduled", "publishing", "published", "failed", "other")

Row = tuple[object, ...]


def account_ids(source: Source) -> set[int]:
    """Every account that anything names."""
    named = [site.account_id for site in source.sites.values()]
    named += [call.account_id for call in source.calls or ()]
    named += [transaction.account_id for transaction in source.transactions or ()]
    return set(source.accounts) | {account_id for account_id in named if account_id is not None}


def available_credits(credits: Maybe, bonus: Maybe) -> Maybe:
    return None if credits is None and bonus is None else (credits or Fraction(0)) + (bonus or Fraction(0))


def account_balances(source: Source) -> dict[int, Row]:
    """Plan, its credits a month, both pools, and what is available, by account."""
    rows: dict[int, Row] = {}
    for account_id in account_ids(source):
        account = source.accounts.get(account_id)
        rows[account_id] = (
            (None,) * 5
            if account is None
            else (
                account.plan_name,
                account.plan_credits,
                account.credits,
                account.bonus_credits,
                available_credits(account.credits, account.bonus_credits),
            )
        )
    return rows


def publishing(source: Source, site_id: int) -> dict[str, int]:
    """The site's articles in all and by how far they are."""
    counts = dict.fromkeys(("articles", *STATES), 0)
    for item in items_of(source, site_id):
        if item.entity == "content":
            counts["articles"] += 1
            counts[state(item.status, item.site_status)] += 1
    return counts


def state(status: str, site_status: str | None) -> str:
    for final in ("failed", "published"):
        if final in (status, site_status):
            return final
    if site_status in ("publishing", "scheduled"):
        return site_status
    return {"approved": "approved", "review": "in_review", "draft": "drafts"}.get(status, "other")


def stage_settings(source: Source, site_id: int) -> dict[int, Row]:
    """Whether each stage is on, its limit and its batch size; empty without settings."""
    settings = source.settings.get(site_id)
    if settings is None:
        return {}
    return {n: (settings.is_on[n], settings.limits[n], settings.batch_sizes.get(n)) for n in STAGES}


def site_months(source: Source) -> dict[tuple[int, date], Row]:
    """Runs, articles, images, credits for articles, for images and in all, by site and month of the runs' start."""
    rows: dict[tuple[int, date], list[Fraction]] = {}
    for run in source.runs:
        row = rows.setdefault((run.site_id, month_of(run.started_at.date())), [Fraction(0)] * 6)
        row[0] += 1
        row[5] += run.credits
        for stage in run.stages:
            row[4 if stage.number in (5, 6) else 3] += stage.credits
            if stage.number in (4, 6):
                row[1 if stage.number == 4 else 2] += stage.created
    return {key: tuple(row) for key, row in rows.items()}


def statements(source: Source) -> dict[tuple[int, date], Row]:
    """What runs made and used, work by hand, credits used and added, the balance at the month's end."""
    balances, months = account_balances(source), credit_months(source)
    of_sites = site_months(source)
    rows: dict[tuple[int, date], Row] = {}
    for account_id in {account_id for account_id, _ in months}:
        moved = [t for t in source.transactions or () if t.account_id == account_id]
        is_known = bool(moved) and total(t.amount for t in moved) == balances[account_id][4]
        own = [month for of, month in months if of == account_id]
        for month in months_between(min(own), max(*own, month_of(source.as_of.date()))):
            used, _, other, bought = months.get(
                (account_id, month),
                (
                    Fraction(0),
                    None,
                    None if source.calls is None else Fraction(0),
                    None if source.transactions is None else Fraction(0),
                ),
            )
            made = [
                row
                for (site_id, of), row in of_sites.items()
                if of == month and source.sites[site_id].account_id == account_id
            ]
            rows[account_id, month] = (
                *(total(row[place] for row in made) for place in range(5)),
                used,
                other,
                used + max(other or Fraction(0), Fraction(0)),
                bought,
                total(t.amount for t in moved if month_of(t.made_on) <= month) if is_known else None,
            )
    return rows


Key = tuple[int | None, int | None, date, str]


def credit_days(source: Source) -> dict[Key, Row]:
    """Calls, credits, cost and tokens by account, site, UTC date and operation."""
    days: dict[Key, list[object]] = {}
    for call in source.calls or ():
        key = (call.account_id, call.site_id, call.used_on, call.operation)
        one = (1, call.credits, call.cost_usd, call.tokens_input, call.tokens_output)
        before = days.get(key, [0, Fraction(0), None, None, None])
        days[key] = [plus(a, b) for a, b in zip(before, one, strict=True)]
    return {key: tuple(values) for key, values in days.items()}


def plus(a: object, b: object) -> object:
    if a is None or b is None:
        return b if a is None else a
    assert isinstance(a, int | Fraction)
    assert isinstance(b, int | Fraction)
    return a + b


def month_of(day: date) -> date:
    return day.replace(day=1)


def months_between(first: date, last: date) -> Iterator[date]:
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield date(number // 12, number % 12 + 1, 1)


def credit_months(source: Source) -> dict[tuple[int, date], Row]:
    """Credits of runs, of the ledger, their difference, and added ones, by account and month."""
    rows: dict[tuple[int, date], Row] = {}
    for account_id in account_ids(source):
        runs = [
            (month_of(run.started_at.date()), run.credits)
            for run in source.runs
            if source.sites[run.site_id].account_id == account_id
        ]
        calls = [(month_of(c.used_on), c.credits) for c in source.calls or () if c.account_id == account_id]
        added = [
            (month_of(t.made_on), max(t.amount, Fraction(0)))
            for t in source.transactions or ()
            if t.account_id == account_id
        ]
        seen = [month for month, _ in runs + calls + added]
        for month in months_between(min(seen), max(seen)) if seen else ():
            used, logged, bought = (
                total(credits for of, credits in events if of == month) for events in (runs, calls, added)
            )
            has_ledger = source.calls is not None
            rows[account_id, month] = (
                used,
                logged if has_ledger else None,
                logged - used if has_ledger else None,
                bought if source.transactions is not None else None,
            )
    return rows
