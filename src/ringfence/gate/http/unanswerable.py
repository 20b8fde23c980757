"""What is said where a body holds no question."""


class Unanswerable(Exception):
    """What was sent is no question: `field` says where, `cause` why, `hint` what would help."""

    def __init__(self, cause: str, hint: str, field: str = "") -> None:
        super().__init__(cause)
        self.cause, self.hint, self.field = cause, hint, field
