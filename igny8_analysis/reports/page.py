"""One page: content under a policy that allows only what the file itself carries, in the reports' design."""

from __future__ import annotations

import base64
import hashlib
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from igny8_analysis.reports.panel import MIME_TYPE, TEMPLATES, environment, style_sheet
from igny8_analysis.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbformat import NotebookNode

WHAT_IF = 'class="panel what-if"'  # the panel that its own script shows


def notebook_page(notebook: NotebookNode, title: str, stamp: str, *, is_interactive: bool = False) -> str:
    """Return an executed notebook's panels as a complete HTML page; code and other outputs stay out."""
    scripts = ["what_if.js"] if any(WHAT_IF in panel for panel in _panels(notebook)) else []
    resources = {"page": _frame(title, stamp, scripts, is_interactive=is_interactive)}
    html: str = _exporter(threading.get_ident()).from_notebook_node(notebook, resources=resources)[0]
    return html


def page(template: str, title: str, stamp: str, **context: Any) -> str:
    """Return a page of its own template in `templates/`, in the same frame."""
    frame = _frame(title, stamp)
    return environment().get_template(template).render(resources={"page": frame}, **context)


def _panels(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield output.get("data", {}).get(MIME_TYPE, "")


def _frame(
    title: str, stamp: str, more_scripts: Iterable[str] = (), *, is_interactive: bool = False
) -> dict[str, Any]:
    """Return what every page needs beside its content: style, scripts and the policy that admits just these."""
    style, scripts = style_sheet(), [_script(name) for name in ("report.js", *more_scripts)]
    bundles: list[tuple[str, str]] = []
    allowed = ""
    if is_interactive:
        scripts.append(_script("interactive.js"))
        bundles.append(("text/plain", vega_bundle()))
        allowed = " 'unsafe-eval'"
    hashes = " ".join(map(_source_hash, scripts))
    policy = (
        f"default-src 'none'; style-src {_source_hash(style)}; script-src {hashes}{allowed}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return {
        "title": cut(title),
        "stamp": stamp,
        "policy": Markup(policy),
        "style": style,
        "scripts": scripts,
        "bundles": bundles,
        "package_version": package_version(),
    }


@cache
def package_version() -> str:
    """Return the version of this package."""
    from importlib.metadata import version

    return version("igny8-analysis")


@cache
def vega_bundle() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one gzipped, base64 text: some 400 kB."""
    import gzip

    import vl_convert

    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return base64.b64encode(gzip.compress(bundle.encode(), 9, mtime=0)).decode()


@cache
def _exporter(thread: int) -> Any:
    """Return the exporter of a thread: nbconvert's are not made to be shared."""
    from nbconvert.exporters import TemplateExporter
    from traitlets import default

    class ReportExporter(TemplateExporter):
        """nbconvert with the reports' own template and escaping, and none of what a machine adds to its own."""

        @default("template_paths")
        def _template_paths(self, prune: bool = True, root_dirs: Any = None) -> list[str]:
            return [str(TEMPLATES)]

        def _create_environment(self) -> Any:
            return environment()

    environment().globals["panel_mime"] = MIME_TYPE
    exporter: Any = ReportExporter
    return exporter(template_file="report.html.j2", file_extension=".html")


@cache
def _script(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
