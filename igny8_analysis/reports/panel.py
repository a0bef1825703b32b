"""What a panel is, and how its template is rendered: escaped, with the formats of the reports as filters."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from igny8_analysis.reports import formats, tokens, words
from igny8_analysis.text import counted

if TYPE_CHECKING:
    from igny8_analysis.reports.rows import Rows

TEMPLATES = Path(__file__).parent / "templates"

# Marks a panel's bare HTML in a notebook's output, for the report's template; text/html is for JupyterLab.
MIME_TYPE = "application/vnd.igny8.panel"

DATE = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?")

# JupyterLab's own style of outputs, undone in a panel; ours is above it, as `_lab_style` writes it.
LAB_RESET = (
    ".igny8.igny8.igny8 :is(table,caption,thead,tbody,tfoot,tr,th,td,dl,dt,dd,ul,ol,li,p,h1,h2,h3,h4,h5,h6,"
    "a,b,strong,em,code,pre,blockquote,hr,figure,figcaption,details,summary,input,select,button,label)"
    "{all:revert}"
    # A page's script shows long tables a part at a time; here they scroll.
    ".igny8.igny8.igny8.igny8.igny8 .scroll{max-height:640px;overflow:auto}"
)


class Panel:
    """A piece of a report: `html`, escaped and complete, that shows itself in JupyterLab."""

    def __init__(self, html: Markup) -> None:
        """Hold the HTML."""
        self.html = html

    def __html__(self) -> str:
        """Return the HTML, so that templates take it as it is."""
        return str(self.html)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        html = str(self.html)
        return {
            MIME_TYPE: html,
            "text/html": f'<div class="igny8">{html}</div>',
            "text/plain": "a panel of the report (HTML)",
        }


class Style:
    """The style sheet of the reports, for panels shown in JupyterLab; it leaves no trace in a report."""

    def _repr_html_(self) -> str:
        return f"<style>{_lab_style()}</style>"


def style() -> Style:
    """Return the style sheet as the value of a notebook's first cell."""
    return Style()


def render(template: str, rows: Rows | None = None, **context: Any) -> Panel:
    """Render `templates/panels/<template>` with the rows and what else it needs."""
    found = environment().get_template(f"panels/{template}")
    return Panel(Markup(found.render(rows=rows, **context)))


@cache
def style_sheet() -> str:
    """Return the one style sheet, for pages and for JupyterLab."""
    return environment().get_template("report.css.j2").render(tokens=tokens).strip()


@cache
def _lab_style() -> str:
    """Return the style sheet for panels in JupyterLab: stronger than Lab's own, and of panels alone."""
    around = re.compile(r"^(?::root|body\.igny8|@media print \{ :root).*\n", re.MULTILINE)
    ours = around.sub("", style_sheet())
    return LAB_RESET + re.sub(r"^\.igny8 \{", ".igny8.igny8.igny8.igny8 {", ours, flags=re.MULTILINE)


@cache
def environment() -> Environment:
    """Return the templates' environment: everything escaped, undefined names an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_pictured,
    )
    names = (
        "number", "up", "rate", "signed", "signed_as", "percent", "share", "change", "duration", "instant", "iso"
    )  # fmt: skip
    made.globals["run_statuses"] = words.RUN_STATUSES
    made.filters["script_json"] = _script_json
    made.filters["counted"] = counted
    made.filters["calling"] = _calling
    made.filters.update({name: getattr(formats, name) for name in names})
    return made


def _calling(text: str, *names: str | None) -> Markup:
    """Write a sentence that calls one of these names: the name turns no other words around, and no date breaks."""
    found = max((name for name in names if name and name in text), key=len, default="")
    before, name, after = map(formats.pictured, text.partition(found) if found else (text, "", ""))
    sentence = Markup('<bdi dir="ltr">{}<bdi>{}</bdi>{}</bdi>').format(before, name, after)
    return Markup(DATE.sub(r'<span class="whole">\g<0></span>', str(sentence)))


def _script_json(value: Any) -> Markup:
    """Write JSON that can stand inside a script element: no `<`, `>` or `&` in it."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return Markup(re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text))


def _pictured(value: Any) -> Any:
    is_plain = isinstance(value, str) and not isinstance(value, Markup)
    return formats.pictured(value) if is_plain else value
