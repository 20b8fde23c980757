"""Published promises as rules: one folder each, with the rules, the lists they ask, and two examples.

The rest of the bundle (text, ladder, settings) is the default one's.
"""

from pathlib import Path
from typing import Final

from tests.conftest import ROOT

from ringfence.policy import Bundle, load, read_folder
from ringfence.policy.examples import Example, read_example

HERE: Final = Path(__file__).parent
FOLDERS: Final = sorted(path.parent for path in HERE.glob("[0-9]*/rule.yaml"))
FEATURES: Final = sorted(path.parent for path in HERE.glob("features/*/rule.yaml"))
EXAMPLES: Final = ("firing", "quiet")


def rules_of(folder: Path) -> list[Path]:
    """Return the files of the folder's rules."""
    return sorted(path for path in folder.glob("*.yaml") if path.stem not in EXAMPLES)


def bundle_of(folder: Path) -> Bundle:
    """Return the folder's rules and lists with the default bundle's text and ladder."""
    files = {path: content for path, content in read_folder(ROOT / "bundles" / "default").items() if not path.startswith("rules/")}
    files |= {f"rules/{path.name}": path.read_bytes() for path in rules_of(folder)}
    files |= {f"lists/{path.name}": path.read_bytes() for path in folder.glob("lists/*.csv")}
    return load(files)


def example_of(folder: Path, name: str) -> Example:
    """Return one of the folder's examples."""
    return read_example(f"{folder.name}/{name}.yaml", (folder / f"{name}.yaml").read_text(encoding="utf-8"))
