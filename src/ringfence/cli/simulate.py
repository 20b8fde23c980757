"""`ringfence simulate`: a demo network as live signalling (`play`) or call records (`records`); a labelled carrier (`carrier`)."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from ringfence.cli.shipped import EXAMPLES
from ringfence.simulate import carrier, records
from ringfence.simulate.addresses import AddressRefused, LoopbackAddress
from ringfence.simulate.asking import Question
from ringfence.simulate.labelled import files
from ringfence.simulate.labelled.carrier import Carrier, Size
from ringfence.simulate.labelled.labels import write_labels
from ringfence.simulate.labelled.packets import packets
from ringfence.simulate.mirror import Mirror
from ringfence.simulate.pcap_reader import CaptureRefused
from ringfence.simulate.player import Player, Programme, perform
from ringfence.simulate.provider import harbour_voice, write_provider
from ringfence.vocabulary.times import HOUR, Micros, from_iso

app = typer.Typer(no_args_is_help=True)

RECORDS_BEGIN: Final = "2026-03-02T09:00:00Z"
"""When the hour of `records` begins, so that the same seed gives the same file: a Monday morning."""


@app.command()
def play(
    hep: Annotated[str, typer.Option(help="Where the mirror goes: address:port of watch, on this machine.")] = "127.0.0.1:9060",
    sip: Annotated[
        str, typer.Option(help="The redirect server to ask: address:port of the gate, on this machine.")
    ] = "127.0.0.1:5062",
    hep_key: Annotated[str, typer.Option(help="Authenticate key that watch expects of its agents.")] = "",
    speed: Annotated[float, typer.Option(min=0.1, max=100.0, help="2 plays twice as fast.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed plays the same calls.")] = 1,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Seconds to play; without it, until ended.")] = None,
    captures: Annotated[Path, typer.Option(help="Folder of the recorded attacks.")] = EXAMPLES / "captures",
    quiet: Annotated[bool, typer.Option("--quiet", help="Don't print what is played.")] = False,
) -> None:
    """Play the demo network at life-like pace: ordinary calls, a dialler, recorded attacks. Sends to this machine only."""
    try:
        mirror_to, ask_at = LoopbackAddress.parse(hep), LoopbackAddress.parse(sip)
        programme = Programme.read(harbour_voice(), seed, captures)
    except (AddressRefused, CaptureRefused) as error:
        typer.echo(f"simulate: {error}", err=True)
        raise typer.Exit(2) from None
    asyncio.run(_play(programme, (mirror_to, ask_at, hep_key or None), speed=speed, duration_s=duration, say=_sayer(quiet=quiet)))


@app.command(name="records")
def write(
    out: Annotated[Path, typer.Option(help="File for the call records; the other files are written beside it.")],
    hours: Annotated[float, typer.Option(min=0.01, max=168.0, help="How long the calls go on.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 1,
) -> None:
    """Write the demo network's calls as call records, with accounts.csv, trunks.csv, numbers.csv and labels.csv beside them."""
    provider = harbour_voice()
    plans = carrier.calls(provider, seed=seed, duration=Micros(int(hours * HOUR)))
    try:
        written = records.write_records(plans, out, begin=from_iso(RECORDS_BEGIN))
        write_provider(provider, out.parent)
        records.write_labels(provider, out.parent / "labels.csv")
    except OSError as error:
        typer.echo(f"simulate: {error.filename or out}: {error.strerror}. Hint: choose another place with --out", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{written} calls in {out}; accounts, trunks, numbers and labels beside it")


@app.command(name="carrier")
def write_carrier(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the files; made where it is not there.")],
    parties: Annotated[int, typer.Option(min=20, help="Honest parties; of all, one in a hundred is abusive.")] = 1000,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it goes on.")] = 7,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 1,
    abusers: Annotated[int | None, typer.Option(min=0, help="So many, instead of one in a hundred.")] = None,
    capture: Annotated[bool, typer.Option("--capture", help="A capture of all signalling too; large: for short spans.")] = False,
    events: Annotated[bool, typer.Option("--events", help="The edge's events too, one a line.")] = False,
    on_sessions: Annotated[
        bool, typer.Option("--on-sessions", help="Abuse that packets alone show: forged requests, noise.")
    ] = False,
) -> None:
    """Write a labelled carrier: call records, accounts, trunks, numbers, and in labels.csv who abused it, how, and when."""

    def again() -> Carrier:
        return Carrier(seed, Size(parties, days, abusers), wire=on_sessions)

    made = again()
    try:
        out.mkdir(parents=True, exist_ok=True)
        files.write_tables(made.parties, out)
        write_labels(made.labels, out / "labels.csv")
        said = [f"{files.write_records(made.acts(), out / 'records.csv')} calls"]
        if events:
            said.append(f"{files.write_events(again().events(), out / 'events.jsonl')} events")
        if capture:
            said.append(f"{files.write_capture(packets(again().acts()), out / 'capture.pcap')} packets")
    except OSError as error:
        typer.echo(f"simulate: {error.filename or out}: {error.strerror}. Hint: choose another place with --out", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{', '.join(said)} of {len(made.honest)} honest parties and {len(made.labels)} abusers in {out}")


async def _play(
    programme: Programme,
    where: tuple[LoopbackAddress, LoopbackAddress, str | None],
    *,
    speed: float,
    duration_s: float | None,
    say: Callable[[str], None],
) -> None:
    """Play until it is over or somebody ends the process (SIGTERM, Ctrl-C)."""
    mirror_to, ask_at, key = where
    salt = f"{time.time_ns() // 1_000_000:x}"
    mirror, question = await Mirror.open(mirror_to, key), await Question.open(ask_at, salt)
    performance = asyncio.ensure_future(perform(programme, Player(mirror, question, salt, speed), duration_s=duration_s, say=say))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, performance.cancel)
    try:
        await performance
    except asyncio.CancelledError:
        pass
    finally:
        mirror.close()
        question.close()


def _sayer(*, quiet: bool) -> Callable[[str], None]:
    return (lambda _line: None) if quiet else typer.echo
