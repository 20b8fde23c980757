"""Running a bundle's examples: the engine that runs live, over the example's events."""

from ringfence.policy import Bundle
from ringfence.policy.example_results import differences
from ringfence.policy.examples import Example
from ringfence.vocabulary.contracts import Finding
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine


def findings_of(bundle: Bundle, example: Example) -> list[Finding]:
    """Return what the bundle's rules find in the example, in the order of time."""
    engine = Engine(bundle.plan, key=b"", source=example.file)
    engine.know(Directory(example.reference))
    kinds = engine.reads.kinds
    read = [event for event in example.events if event.kind in kinds]
    return engine.step(read, example.until) + engine.pass_time(example.until)


def failures_of(bundle: Bundle, example: Example) -> tuple[str, ...]:
    """Return a line for each thing that the bundle finds otherwise than the example states."""
    return differences(example, findings_of(bundle, example))
