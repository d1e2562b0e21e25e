"""What is a refusal, and what does the user read?"""


class RuleViolation(Exception):  # noqa: N818 - a refusal is an answer, not a failure
    """A request that a business rule refuses.

    Subclasses live beside their rule. `code` is stable and for machines; `message` is the one
    Chinese sentence that the user reads.
    """

    code = "rule_violation"
    message = "这个操作现在不能进行。"

    def __init__(self, message: str | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.message)
