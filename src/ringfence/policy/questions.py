"""What published texts leave open and a rule must state: each question has a code, which stands at the end of the refusal."""

from enum import StrEnum

from ringfence.policy.tokens import ExpressionRefused


class Question(StrEnum):
    """A question that the loader asks. It is answered in the rule's file by stating what is meant; none can be switched off."""

    WINDOW = "window"  # over which time is it measured?
    ZONE = "zone"  # whose day, whose month?
    SUBJECT = "subject"  # whom is a finding about?
    MINIMUM = "minimum"  # from how many events on does a share or an average speak?
    UNANSWERED = "unanswered"  # is a call that nobody answered a short one?
    DENOMINATOR = "denominator"  # a share of which kind of events?
    BOUNDARY = "boundary"  # is the limit itself still allowed? The words say one thing, the condition another
    DEFAULT = "default"  # what holds for whoever the table does not list?
    FETCHED = "fetched"  # how old is the list?
    QUANTITY = "quantity"  # what is the charge taken for?
    NOTHING = "nothing"  # is whoever gave nothing meant too?


class LeftOpen(ExpressionRefused):
    """An expression leaves a question open at character `offset`."""

    def __init__(self, question: Question, offset: int, cause: str, hint: str) -> None:
        super().__init__(offset, cause, hint)
        self.question = question
