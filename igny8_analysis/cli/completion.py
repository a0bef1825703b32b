"""`igny8 completion`: what a shell needs to complete commands, options, sites and views."""

import click

from igny8_analysis.cli.options import examples

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    epilog=examples(
        "igny8 completion bash >> ~/.bashrc",
        "igny8 completion zsh >> ~/.zshrc",
        "igny8 completion fish > ~/.config/fish/completions/igny8.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> None:
    """Print the lines that make SHELL complete igny8: commands, options, sites, views."""
    from click.shell_completion import get_completion_class

    from igny8_analysis.cli import cli

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(completion(cli, {}, "igny8", "_IGNY8_COMPLETE").source())
