"""`ringfence COMMAND`: finds the command's module and imports no other, so that each starts as fast as it can."""

import sys
from importlib import import_module
from typing import Final

import typer

COMMANDS: Final = {
    "up": "start everything on one machine",
    "scan": "read captures and call records, print findings",
    "explain": "say what a finding rests on, and what would have made it quiet",
    "collect": "take events from a switch's own connection into a file",
    "watch": "turn live signalling into findings",
    "gate": "answer edges that ask, and push orders to those that remember",
    "edges": "show what stands on the edges, take all of it away, or print their emergency numbers",
    "web": "serve the desk's pages",
    "worker": "carry findings to cases, decisions and orders",
    "mail": "take complaints in by SMTP",
    "parties": "bring accounts, trunks and numbers in",
    "policy": "check and show policy bundles",
    "lake": "bring history in, ask it questions, erase it",
    "replay": "judge again what watch consumed, in its order",
    "backtest": "say what bundles would have found in history",
    "simulate": "play a labelled carrier",
    "bench": "measure how well a bundle finds abuse",
    "lists": "show how the lists stand that rules read",
    "clocks": "show what is owed by when",
    "audit": "prove the record",
    "login": "let somebody in again who lost everything",
    "hold": "pause or resume all automatic measures",
    "doctor": "say what this machine and data folder lack",
}
"""Command to what it does. Its module has the same name, and in it a typer `app`, or a function `command`."""


def main() -> None:
    """Run the command that the arguments name."""
    chosen = [sys.argv[1]] if len(sys.argv) > 1 and sys.argv[1] in COMMANDS else list(COMMANDS)
    program = typer.Typer(
        name="ringfence",
        help="Runs a voice network's acceptable use policy from end to end.",
        no_args_is_help=True,
        add_completion=len(chosen) > 1,
        pretty_exceptions_enable=False,
    )

    @program.callback()
    def _root() -> None:
        """Runs a voice network's acceptable use policy from end to end."""

    for name in chosen:
        module = import_module(f"ringfence.cli.{name}")
        if hasattr(module, "app"):
            program.add_typer(module.app, name=name, help=COMMANDS[name])
        else:
            program.command(name, help=COMMANDS[name])(module.command)
    program()


if __name__ == "__main__":
    main()
