"""A report's kernel: `python -P -m igny8_analysis.reports.kernel -f FILE`, IPython's as it comes.

No configuration and no start-up file reaches it, those of the system and of the environment (/etc/ipython) neither.
"""

from typing import Any

from ipykernel.kernelapp import IPKernelApp


class ReportKernel(IPKernelApp):
    """Looks for no configuration and runs no start-up file."""

    def load_config_file(self, *arguments: Any, **named: Any) -> None:
        """Load none."""

    def _run_startup_files(self) -> None:
        """Run none."""


if __name__ == "__main__":
    ReportKernel.launch_instance()
