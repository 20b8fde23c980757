"""What an author of policies needs beside checking them: formatting, examples, words, differences, schemas."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from textwrap import fill
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ringfence.cli.bundles import REFUSED, Folder, files_of, loaded, loaded_from, refuse
from ringfence.policy import BundleRefused
from ringfence.policy.differences import Difference, Version, compare
from ringfence.policy.examples import Example, read_example
from ringfence.policy.explained import explain
from ringfence.policy.formatter import format_rule
from ringfence.policy.schema import example_schema, rule_schema

DIFFERENT: Final = 1
"""The exit code where something is otherwise than it should be: an example, the layout of a file, a version."""

_WIDTH: Final = 100


class Described(StrEnum):
    """What a schema describes."""

    RULE = "rule"
    EXAMPLE = "example"


def run_examples(
    folder: Folder,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[EXAMPLE]…", help="Only these files of tests/, without .yaml.")
    ] = None,
) -> None:
    """Run a bundle's examples, tests/*.yaml. Exit code 0: all is found as stated; 1: something is not; 2: they can't be run."""
    from ringfence.cli.examples import failures_of  # the engine compiles its kernels: only this command waits for it

    bundle = loaded(folder)
    examples = [_example(path) for path in sorted((folder / "tests").glob("*.yaml")) if not names or path.stem in names]
    if not examples:
        typer.echo(f"no example: write {folder / 'tests'}/NAME.yaml", err=True)
        raise typer.Exit(REFUSED)
    failed = 0
    for example in examples:
        failures = failures_of(bundle, example)
        failed += bool(failures)
        print(f"{'FAILED' if failures else 'ok    '} {example.file}: {example.says}")
        for line in failures:
            print(f"       {line}")
    print(f"{len(examples) - failed} of {len(examples)} examples as stated")
    raise typer.Exit(DIFFERENT if failed else 0)


def _example(path: Path) -> Example:
    name = f"tests/{path.name}"
    content = path.read_bytes()
    try:
        return read_example(name, content.decode("utf-8", "replace"))
    except BundleRefused as refused:
        refuse(refused, {name: content})


def format_rules(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR|FILE…", help="A bundle's folder, whose rules are meant, or files.")],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 where a file is not in canonical form.")
    ] = False,
) -> None:
    """Put rules into their canonical form: order of keys, spaces, line breaks. Comments and meaning stay."""
    changed = 0
    files = list(_rule_files(paths))
    for path in files:
        content = path.read_bytes()
        try:
            written = format_rule(str(path), content.decode("utf-8", "replace")).encode()
        except BundleRefused as refused:
            refuse(refused, {str(path): content})
        if written != content:
            changed += 1
            print(f"{'not in canonical form' if check else 'formatted'}: {path}")
            if not check:
                path.write_bytes(written)
    print(f"{len(files)} rules, {changed} {'to format' if check else 'formatted'}")
    raise typer.Exit(DIFFERENT if check and changed else 0)


def _rule_files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in (path / "rules").iterdir() if file.suffix in (".yaml", ".yml"))
        elif path.is_file():
            yield path
        else:
            typer.echo(f"{path}: no such file", err=True)
            raise typer.Exit(REFUSED)


def explain_rules(
    folder: Folder, rule: Annotated[str, typer.Argument(help="A rule's name; without it, all are explained.")] = ""
) -> None:
    """Say in plain words what a rule counts, over which time, what follows, and where its numbers come from."""
    rules = [one for one in loaded(folder).plan.rules if rule in ("", one.name)]
    if not rules:
        typer.echo(f"no rule {rule}; `ringfence policy plan DIR` lists them", err=True)
        raise typer.Exit(REFUSED)
    for number, one in enumerate(rules):
        print(f"{'' if not number else chr(10)}{one.name} (clause {one.clause})")
        for section in explain(one):
            print(f"  {section.title}")
            for line in section.lines:
                print(fill(line, _WIDTH, initial_indent="    ", subsequent_indent="    "))


def show_differences(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The folder of the earlier version.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The folder of the later version.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON array of differences.")] = False,
) -> None:
    """Show what differs between two versions: settings, text, rules, ladder, lists. Exit code 0: nothing; 1: something."""
    before, after = (Version(loaded_from(files), files) for files in (files_of(old), files_of(new)))
    found = compare(before, after)
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif not found:
        print("no difference")
    else:
        console = Console(highlight=False, markup=False)
        for difference in found:
            _show(console, difference)
    raise typer.Exit(DIFFERENT if found else 0)


def _show(console: Console, difference: Difference) -> None:
    console.print(f"\n{difference.part} {difference.name}: {difference.fate}")
    table = Table("", "before", "after", box=None, header_style="bold", show_header=difference.fate == "changed", padding=(0, 2))
    for edit in map(type(difference.edits[0]).shortened, difference.edits) if difference.edits else ():
        table.add_row(edit.key, *(_printable(text) for text in (edit.before, edit.after)))
    console.print(table)


def _printable(text: str | None) -> str:
    """Return the text without what could steer the terminal."""
    return "".join(char if char == "\n" or char.isprintable() else "·" for char in text or "")


def print_schema(described: Annotated[Described, typer.Argument(help="rule or example.")] = Described.RULE) -> None:
    """Print a JSON Schema for editors: of a rule's file, or of an example's."""
    told = rule_schema() if described is Described.RULE else example_schema()
    print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
