"""What a recording showed, as one page to read and to forward, and as a table on a terminal.

`Collector` looks on while a recording is judged; `Read` is what was read, `Given` what the person gave beside it. `page.page`
writes the three as one HTML file; `findings_table` gives the findings to a terminal, `summary` what was read and could not be
judged. Numbers and rules only: what conduct is
called is for people to say.
"""

from ringfence.report.collector import Collector
from ringfence.report.inputs import Given, Read
from ringfence.report.rates import RateDeck, read_rates
from ringfence.report.summary import not_judged, summary
from ringfence.report.terminal import findings_table

__all__ = ["Collector", "Given", "RateDeck", "Read", "findings_table", "not_judged", "read_rates", "summary"]
