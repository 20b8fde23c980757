"""A data folder as the desk leaves it for watch: configuration, reference, and the posted default policy."""

import shutil
import time
from pathlib import Path

import msgspec

from ringfence import policy
from ringfence.cli.shipped import DEFAULT_BUNDLE, EXAMPLES
from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import CsvFile
from ringfence.watch.attribution.files import read_reference


def provision(data: Path, hep_port: int, folder: Path = DEFAULT_BUNDLE) -> None:
    """Fill the folder `data`; the policy is that in `folder`. Raises `policy.BundleRefused` or `OSError`."""
    bundle = policy.load(policy.read_folder(folder))
    (data / "ringfence.toml").write_text(f'[watch]\nhep = "127.0.0.1:{hep_port}"\n', encoding="utf-8")
    (data / "policies").mkdir()
    shutil.copytree(folder, data / "policies" / bundle.hash)
    writer = FeedWriter(data / "feeds" / "reference")
    writer.append([msgspec.json.encode(_reference(bundle.hash))])
    writer.close()


def _reference(policy_hash: str) -> Reference:
    files = {name: CsvFile(name, (EXAMPLES / "demo" / name).read_bytes()) for name in ("accounts.csv", "trunks.csv", "numbers.csv")}
    reference, problems = read_reference(
        time=Micros(time.time_ns() // 1000),
        accounts=files["accounts.csv"],
        trunks=files["trunks.csv"],
        numbers=files["numbers.csv"],
    )
    if problems:
        raise ValueError(f"the demo's own files are damaged: {problems[0]}")
    return msgspec.structs.replace(reference, policy=policy_hash)
