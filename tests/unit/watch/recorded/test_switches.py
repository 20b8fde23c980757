"""What reading switches' files loads."""

import subprocess
import sys


def test_arrow_is_loaded_for_parquet_files_alone() -> None:
    program = (
        "import sys, ringfence.watch.recorded, ringfence.cli.scan; print('pyarrow.lib' in sys.modules, 'duckdb' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["False", "False"]
