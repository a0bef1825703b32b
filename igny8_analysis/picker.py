"""A list of sites in a notebook: what is chosen in it is shown beneath, at once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from igny8_analysis.etl.errors import UsageError
from igny8_analysis.site import Site
from igny8_analysis.text import visible

if TYPE_CHECKING:
    from igny8_analysis.connection import Warehouse

# The site with the most runs comes first, as in reports that name none.
SITES = """
select s.site_id, s.label, s.account_name
from sites as s join run_statistics as r on r.site_id = s.site_id
where s.is_live
order by r.total_runs desc, s.site_id
"""


class SitePicker:
    """The live sites of a warehouse to choose from; `site` is the chosen one, and `show(site)` stands beneath.

    >>> picked = wh.pick_site()
    >>> picked.site.history().pl()
    """

    def __init__(
        self,
        warehouse: "Warehouse",
        site: int | str | None = None,
        show: Callable[[Site], Any] | None = None,
    ) -> None:
        """Choose `site` (an id or a domain), else the site with the most runs.

        Without ipywidgets there is no list, and what `show` draws stands alone.

        Raises SiteNotFound and AmbiguousSite; UsageError where there is no site.
        """
        found = warehouse.sql(SITES).fetchall()
        if not found:
            raise UsageError("there is no site to choose from")
        chosen = found[0][0] if site is None else warehouse.resolve_site(site)
        self.site = warehouse.site(chosen)
        self._warehouse, self._show = warehouse, show or Site.brief
        self._box: Any = None
        try:
            from ipywidgets import Dropdown, Output, VBox
        except ModuleNotFoundError:
            return
        names = {chosen: _name(self.site.label, None, chosen)}
        names |= {site_id: _name(label, account, site_id) for site_id, label, account in found}
        sites = Dropdown(
            options=sorted(((name, key) for key, name in names.items()), key=lambda one: one[0].lower()),
            value=chosen,
            description="Site",
            layout={"width": "min(100%, 480px)"},
        )
        sites.observe(self._choose, "value")
        self._shown = Output()
        self._box = VBox([sites, self._shown])
        self._draw()

    def __repr__(self) -> str:
        return f"<SitePicker: {self.site!r}>"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._show(self.site) if self._box is None else self._box)

    def _choose(self, change: Any) -> None:
        self.site = self._warehouse.site(change["new"])
        self._draw()

    def _draw(self) -> None:
        """Show the site; not by capturing output, at which a notebook that runs without a page may wait for ever."""
        with self._shown.hold_sync():
            self._shown.outputs = ()
            self._shown.append_display_data(self._show(self.site))


def _name(label: str, account: str | None, site_id: int) -> str:
    return visible(" · ".join(part for part in (label, account, str(site_id)) if part))
