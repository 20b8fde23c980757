"""The operator's database of the countries of addresses."""

from pathlib import Path

from ringfence.cli.configuration import CONFIGURATION_FILE, ConfigurationRefused, WatchPart
from ringfence.watch.attribution import AddressCountries, CsvFile, RowProblem, read_countries


def countries_of(watch: WatchPart, data: Path) -> AddressCountries | None:
    """Return where addresses are by the file that `[watch] countries` names in the data folder. Raises `ConfigurationRefused`."""
    if not watch.countries:
        return None
    path, problems = data / watch.countries, list[RowProblem]()
    try:
        found = read_countries(CsvFile(str(path), path.read_bytes()), problems)
    except OSError as error:
        cause = f"{path}: {error.strerror or error}"
        raise ConfigurationRefused(f"{CONFIGURATION_FILE}: watch.countries: {cause}. Hint: see docs/packs.md") from error
    if found is None:
        refused = problems[0]
        raise ConfigurationRefused(f"{CONFIGURATION_FILE}: watch.countries: {path}: {refused.cause}. Hint: {refused.hint}")
    return found
