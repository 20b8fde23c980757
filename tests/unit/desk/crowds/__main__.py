"""`python -m tests.unit.desk.crowds DATA` prepares the desk of a data folder, plays every scene several times, prints what is left.

As JSON: by the scene's name a list of facts, or the error that it ended with.
"""

import sys
import traceback
from pathlib import Path

import msgspec

from ringfence.desk.site.process import configure

ROUNDS = 6

configure(Path(sys.argv[1]))

from django.core.management import call_command  # noqa: E402 # models can be imported only after configure()
from tests.unit.desk.crowds import flows, measures, sending  # noqa: E402 # as above
from tests.unit.desk.crowds.crowd import Crowd  # noqa: E402 # as above

SCENES = (
    *(flows.claiming, flows.asking, flows.sweeping, flows.sorting),
    *(measures.deciding, measures.telling, measures.lifting, measures.confirming, measures.appealing),
    *(sending.carrying, sending.mailing, sending.sealing),
)


def main(data: Path) -> None:
    """Play all scenes."""
    call_command("migrate", interactive=False, verbosity=0)
    crowd = Crowd(data)
    left: dict[str, object] = {}
    for scene in SCENES:
        try:
            left[scene.__name__] = [scene(crowd) for _ in range(ROUNDS)]
        except Exception:  # noqa: BLE001 # the scene's own test says so; the others have their turn
            left[scene.__name__] = traceback.format_exc()
    crowd.close()
    sys.stdout.write(msgspec.json.encode(left).decode())


main(Path(sys.argv[1]))
