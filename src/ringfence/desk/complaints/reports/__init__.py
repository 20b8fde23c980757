"""Machine-readable complaints, whatever form they have: bytes in, reports with their problems out. Pure."""

from ringfence.desk.complaints.reports.mail import report_of, reports_in
from ringfence.desk.complaints.reports.report import Evidence, Problem, Report, ReportFormat

__all__ = ["Evidence", "Problem", "Report", "ReportFormat", "report_of", "reports_in"]
