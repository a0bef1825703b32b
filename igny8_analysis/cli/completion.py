"""`igny8 completion`: what a shell needs to complete commands, options, sites and views."""

import re

import click

from igny8_analysis.cli.options import examples

SHELLS = ("bash", "zsh", "fish")
PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9._/-]*|--?[a-z][a-z0-9-]*")


@click.command(
    "completion",
    epilog=examples(
        "igny8 completion bash >> ~/.bashrc",
        "igny8 completion zsh >> ~/.zshrc",
        "igny8 completion fish > ~/.config/fish/completions/igny8.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print the lines that make SHELL complete igny8: commands, options, sites, accounts, views."""
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(completion(context.find_root().command, {}, "igny8", "_IGNY8_COMPLETE").source())


def offer_plain_words() -> None:
    """Let every completion, of whatever command and shell, offer words alone in which no shell sees more than a word.

    Shells take what is offered as if it had been typed: a domain from the source could be a command in it.
    """
    from click.shell_completion import (
        BashComplete,
        CompletionItem,
        FishComplete,
        ShellComplete,
        ZshComplete,
        add_completion_class,
    )

    class PlainWords(ShellComplete):
        def get_completions(self, args: list[str], incomplete: str) -> "list[CompletionItem[str]]":
            """What click finds, without what is no plain word; the meaning beside it in plain characters too."""
            found = super().get_completions(args, incomplete)
            return [
                CompletionItem(item.value, item.type, _plain(item.help))
                for item in found
                if item.type != "plain" or PLAIN.fullmatch(item.value)
            ]

    for shell in (BashComplete, ZshComplete, FishComplete):
        add_completion_class(type(shell.__name__, (PlainWords, shell), {}), shell.name)


def _plain(meaning: str | None) -> str | None:
    """Letters, digits, spaces and a few signs of a text; None where nothing is left."""
    kept = "".join(c if c.isalnum() or c in "._/-" else " " for c in meaning or "")
    return " ".join(kept.split()) or None
