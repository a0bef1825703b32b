"""A plain error where the checkout has files in place of the links that make it one package."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LINKS = ("etl", "warehouse", "notebooks")


class CheckLinks(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before the wheel is built, the sdist, or an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise SystemExit where a link is none."""
        package = Path(self.root) / "igny8_analysis"
        if broken := [name for name in LINKS if not (package / name).is_dir()]:
            files = ", ".join(f"igny8_analysis/{name}" for name in broken)
            raise SystemExit(
                f"igny8-analysis cannot be built: {files} should be links to the folders of that name beside "
                "igny8_analysis. This checkout was made without symbolic links: git config core.symlinks true, "
                "then git checkout -- igny8_analysis"
            )
