"""Forecasts by one method, and how well past ones did: rows of the views, as plain dicts."""

from typing import TYPE_CHECKING, Any

from igny8_analysis.etl.errors import UsageError

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

Payload = dict[str, Any]
Row = dict[str, Any]


def of_method(warehouse: "Warehouse", payload: Payload, method: str) -> Payload:
    """Return of a site's forecasts those by one method. Raises UsageError for an unknown one."""
    _check_method(warehouse, method)
    return payload | {
        kind: [row for row in payload[kind] if row["method"] == method] for kind in ("totals", "stages")
    }


def backtest(warehouse: "Warehouse", site: int | str | None = None, method: str | None = None) -> Payload:
    """Return the rows of `forecast_accuracy`, of a site or of all together, and of a site's `forecast_backtest`.

    Raises SiteNotFound, AmbiguousSite, and UsageError for an unknown method.
    """
    site_id = None if site is None else warehouse.resolve_site(site)
    _check_method(warehouse, method)
    accuracy = _rows(warehouse, "forecast_accuracy", site_id, method, 'method, "window"')
    forecasts = (
        []
        if site_id is None
        else _rows(warehouse, "forecast_backtest", site_id, method, "started_at, id, method")
    )
    return {"site_id": site_id, "accuracy": accuracy, "backtest": forecasts}


def _rows(
    warehouse: "Warehouse", view: str, site_id: int | None, method: str | None, order: str
) -> list[Row]:
    """Rows of a forecast view, of one site or (None) of all together."""
    where = "site_id is null" if site_id is None else "site_id = $site_id"
    params: dict[str, object] = {} if site_id is None else {"site_id": site_id}
    if method is not None:
        where += " and method = $method"
        params["method"] = method
    return warehouse.rows(f"select * from {view} where {where} order by {order}", params)


def _check_method(warehouse: "Warehouse", method: str | None) -> None:
    if method is None:
        return
    found = warehouse.sql("select method from forecast_methods order by method_number").fetchall()
    methods = [name for (name,) in found]
    if method not in methods:
        raise UsageError(f"there is no forecast method {method!r}; there are {', '.join(methods)}")
