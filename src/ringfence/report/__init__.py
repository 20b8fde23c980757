"""What a recording showed, as one page to read and to forward, and as a table on a terminal.

`Collector` looks on while a recording is judged; `Read` is what was read, `Given` what the person gave beside it. `page.page`
writes the three as one HTML file, `findings_table` gives the findings to a terminal. Numbers and rules only: what conduct is
called is for people to say.
"""

from ringfence.report.collector import Collector
from ringfence.report.inputs import Given, Read
from ringfence.report.terminal import findings_table

__all__ = ["Collector", "Given", "Read", "findings_table"]
