"""`igny8 lab`: JupyterLab on the notebooks and the warehouse."""

import os
from pathlib import Path

import click

from igny8_analysis.cli.options import examples, warehouse_option


@click.command(
    "lab",
    context_settings={"ignore_unknown_options": True},
    epilog=examples(
        "igny8 lab",
        "igny8 lab --warehouse /srv/igny8 --notebooks ~/analysis",
        "igny8 lab -- --no-browser --port 8890",
    ),
)
@click.option(
    "--notebooks",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Copy the notebooks there and work on the copies; an installed package takes ~/igny8-notebooks.",
)
@warehouse_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- JUPYTERLAB ARGUMENTS]")
def lab_command(notebooks: Path | None, directory: Path | None, arguments: tuple[str, ...]) -> None:
    """Start JupyterLab on the notebooks, with the warehouse that `igny8_analysis.connect()` then opens.

    Its kernel knows %%sql, completes views and columns, and draws charts without a network. Copies of notebooks are
    made once; what is in the folder already stays as it is.
    """
    from igny8_analysis import lab
    from igny8_analysis.connection import connect, warehouse_directory

    "".join(arguments).encode()  # JupyterLab takes no text that is not UTF-8
    root = warehouse_directory(directory)
    lab.check_installed()
    connect(root).close()
    folder = lab.notebooks_folder(notebooks)
    command = lab.command(folder, arguments)
    os.execve(command[0], command, lab.environment(root))
