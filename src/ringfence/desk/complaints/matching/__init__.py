"""Is it ours? What a complaint states against the calls that were carried. Nothing here reads or writes: all is handed in."""

from ringfence.desk.complaints.matching.question import Known, Question, question_of
from ringfence.desk.complaints.matching.verdict import Found, Scored, World, decide

__all__ = ["Found", "Known", "Question", "Scored", "World", "decide", "question_of"]
