"""Everything that staff read about has a Chinese name."""

import re
from pathlib import Path

import workflows
from console.audit_trail import ACTIONS, SUBJECTS
from console.words import PERMISSIONS, ROLES
from rules.staff import Permission, Role

WORKFLOWS = Path(workflows.__file__).parent


def named_in_workflows(keyword: str) -> set[str]:
    """Find what the workflows write into the audit trail under a keyword."""
    texts = (path.read_text() for path in WORKFLOWS.rglob("*.py"))
    return {found for text in texts for found in re.findall(rf'{keyword}="(\w+)"', text)}


def test_every_action_and_subject_of_the_audit_trail_has_a_name() -> None:
    assert {"ship_order", "add_staff"} <= named_in_workflows("action") <= set(ACTIONS)
    assert {"order", "staff"} <= named_in_workflows("subject_kind") <= set(SUBJECTS)


def test_every_role_and_permission_has_a_name() -> None:
    assert set(ROLES) == set(Role)
    assert set(PERMISSIONS) == set(Permission)
