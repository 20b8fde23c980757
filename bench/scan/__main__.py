"""`python -m bench.scan [HOURS_OF_CAPTURE [HOURS_OF_RECORDS]]`: messages and rows a second, memory, and the floors beside them."""

import shutil
import sys

from bench.scan import inputs
from bench.scan.runs import Run, run

FINDINGS_EXIT = 1
"""What `ringfence scan` ends with when it has findings, as it must: a dialler is in both inputs."""

COUNT_ROWS = "import csv,sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline=''))))"


def main() -> int:
    """Measure both inputs; return 1 where a scan failed."""
    hours = [float(argument) for argument in sys.argv[1:]]
    options = inputs.provider_files()
    capture, messages = inputs.capture(hours[0] if hours else 1.0)
    records, rows = inputs.call_records(hours[1] if len(hours) > 1 else 8.0)

    of_capture = scan(str(capture), options)
    report(f"capture, {messages} messages, {capture.stat().st_size / 1e6:.0f} MB", "messages", messages, of_capture)
    tshark = shutil.which("tshark")
    if tshark is None:
        print("  tshark is not installed: no floor")
    else:
        floor(
            "tshark counting them",
            messages,
            of_capture,
            run([tshark, "-n", "-r", str(capture), "-q", "-z", "sip,stat"], inputs.OUT / "tshark"),
        )

    of_records = scan(str(records), options)
    report(f"call records, {rows} rows, {records.stat().st_size / 1e6:.0f} MB", "rows", rows, of_records)
    with_report = scan(str(records), options, report=True)
    report("the same call records with --html", "rows", rows, with_report)
    print(f"  that is {of_records.busy_seconds / with_report.busy_seconds:.2f} times the speed without, by processor time")
    floor("csv.reader counting them", rows, of_records, run([sys.executable, "-c", COUNT_ROWS, str(records)], inputs.OUT / "rows"))
    return 0 if found_something(of_capture) and found_something(of_records) else 1


def scan(file: str, options: list[str], *, report: bool = False) -> Run:
    """Run `ringfence scan` on one file as a whole process, with a report too where that is asked for."""
    more = ["--html", str(inputs.OUT / "report.html")] if report else []
    return run([sys.executable, "-m", "ringfence.cli", "scan", file, *options, *more, "--json"], inputs.OUT / "findings")


def found_something(measured: Run) -> bool:
    """Tell whether the scan ended as it must; if not, say what it said."""
    if measured.exit_code == FINDINGS_EXIT and measured.lines > 0:
        return True
    print(f"a scan failed with exit {measured.exit_code}: {measured.last_words}")
    return False


def report(what: str, unit: str, count: int, measured: Run) -> None:
    """Print what a scan did."""
    speed = f"{measured.seconds:.1f} s, {count / measured.seconds:,.0f} {unit}/s"
    speed += f", {count / measured.busy_seconds:,.0f} a processor second, peak {measured.peak_mb:.0f} MB"
    print(f"{what}\n  ringfence scan: {speed}, {measured.lines} findings, exit {measured.exit_code}")


def floor(what: str, count: int, measured: Run, beside: Run) -> None:
    """Print what the floor did, and the ratio."""
    speed = f"{beside.seconds:.1f} s, {count / beside.seconds:,.0f}/s, {count / beside.busy_seconds:,.0f} a processor second"
    ratio = measured.busy_seconds / beside.busy_seconds
    print(f"  {what}: {speed}, peak {beside.peak_mb:.0f} MB; the scan took {ratio:.2f} times its processor time")


if __name__ == "__main__":
    sys.exit(main())
