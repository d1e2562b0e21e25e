"""Everything that staff read about has a Chinese name."""

import re
from pathlib import Path

import workflows
from console.audit_things import FIELD_KINDS, PAGES, SUBJECTS
from console.audit_trail import ACTIONS
from console.words import PERMISSIONS, ROLES
from queries.audit_names import READINGS
from rules.aftersales import AfterSalesStatus
from rules.payments import RefundStatus
from rules.reconciliation import CaseStatus, RunStatus
from rules.staff import Permission, Role

WORKFLOWS = Path(workflows.__file__).parent
AUDIT_WORDS = WORKFLOWS.parent / "templates/console/audit_trail/_difference.html"


def named_in_workflows(keyword: str) -> set[str]:
    """Find what the workflows write into the audit trail under a keyword."""
    texts = (path.read_text() for path in WORKFLOWS.rglob("*.py"))
    return {found for text in texts for found in re.findall(rf'{keyword}="(\w+)"', text)}


def test_every_action_and_subject_of_the_audit_trail_has_a_name() -> None:
    assert {"ship_order", "add_staff"} <= named_in_workflows("action") <= set(ACTIONS)
    assert {"order", "staff"} <= named_in_workflows("subject_kind") <= set(SUBJECTS)
    without_row = {"statement", "policy", "audit_run", "reconciliation_run", "payout_account"}
    assert set(SUBJECTS) == without_row | (set(READINGS) - {"grade", "picture"})
    assert set(PAGES) | {"staff", "grade"} == set(READINGS)
    assert set(FIELD_KINDS.values()) <= set(READINGS)


def test_every_role_and_permission_has_a_name() -> None:
    assert set(ROLES) == set(Role)
    assert set(PERMISSIONS) == set(Permission)


def test_every_state_that_a_decision_leads_to_has_a_name_in_the_audit_trail() -> None:
    named = set(re.findall(r'"(\w+)": "', AUDIT_WORDS.read_text()))
    refunds = {RefundStatus.ABNORMAL, RefundStatus.SUCCEEDED}
    assert {*AfterSalesStatus, *CaseStatus, *RunStatus, *refunds} <= named
