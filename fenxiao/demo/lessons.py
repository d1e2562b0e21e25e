"""Lessons, materials and a push plan of the demo."""


def teach_and_share(*_: object) -> tuple[tuple[str, str], ...]:
    """placeholder until campaigns land"""
    return ()
