"""May this material (素材) be shared now?"""

from enum import StrEnum


class MaterialStatus(StrEnum):
    """Where a material stands; it also ends at its `valid_until`."""

    PUBLISHED = "published"
    RECALLED = "recalled"
