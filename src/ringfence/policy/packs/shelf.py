"""Where packs lie: in a bundle's own folder `packs/`, else among those that ship with the program."""

import tomllib
from pathlib import Path
from typing import Final

SHIPPED: Final = Path(__file__).parent / "shipped"
"""The packs that ship: NAME.yaml each."""

_SETTINGS: Final = "bundle.toml"


def shipped_hint() -> str:
    """Return which packs need no file of one's own."""
    return f"these ship with the program: {', '.join(sorted(path.stem for path in SHIPPED.glob('*.yaml')))}"


def pack_files(settings: bytes, present: frozenset[str]) -> dict[str, Path]:
    """Return the shipped packs that a bundle names in its `settings` and doesn't hold itself, by their path in the bundle.

    They become part of what is loaded, hashed and posted: a posted version keeps the values that it was posted with. What the
    settings say wrongly is left to their reader.
    """
    try:
        named = tomllib.loads(settings.decode("utf-8", "replace")).get("packs", [])
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    if not isinstance(named, list):
        return {}
    places = {f"packs/{name}.yaml": SHIPPED / f"{name}.yaml" for name in named if isinstance(name, str) and name.isalnum()}
    return {path: place for path, place in places.items() if path not in present and place.is_file()}
