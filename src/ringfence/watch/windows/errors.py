"""What can be wrong with a rule that is to be measured, or with a snapshot."""


class RuleUnmeasurable(Exception):
    """`rule` asks for what the windows can't measure. The policy's checker should have refused it; the start must stop."""

    def __init__(self, rule: str, cause: str) -> None:
        super().__init__(f"rule {rule}: {cause}")
        self.rule = rule
        self.cause = cause
