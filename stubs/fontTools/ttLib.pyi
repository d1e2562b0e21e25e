from pathlib import Path

class TTFont:
    def __init__(self, file: Path, *, recalcTimestamp: bool = ...) -> None: ...  # noqa: N803
    def getBestCmap(self) -> dict[int, str]: ...  # noqa: N802
    def save(self, file: Path) -> None: ...
