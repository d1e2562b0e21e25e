from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

class BackgroundScheduler:
    def __init__(self, *, timezone: tzinfo) -> None: ...
    def add_job(
        self,
        func: Callable[..., object],
        trigger: str,
        *,
        seconds: int,
        args: Sequence[object],
        id: str,  # noqa: A002 - the library's own name
        coalesce: bool,
        max_instances: int,
        misfire_grace_time: int | None,
        next_run_time: datetime,
    ) -> object: ...
    def start(self) -> None: ...
    def shutdown(self, wait: bool = ...) -> None: ...
