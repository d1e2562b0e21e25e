import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

ROOT = Path(__file__).parent.parent.parent
TYPED = """
with sessions.read() as session:
    print("orders:", session.scalar(select(func.count()).select_from(Order)))

"""


@pytest.mark.slow
def test_the_prompt_reads_the_configured_database(sqlite_url: URL) -> None:
    answer = run_shell(f"sqlite:///{sqlite_url.database}")
    assert answer.returncode == 0, answer.stderr
    assert "orders: 0" in answer.stdout


@pytest.mark.slow
def test_a_database_without_tables_is_refused(tmp_path: Path) -> None:
    answer = run_shell(f"sqlite:///{tmp_path}/empty.db")
    assert answer.returncode == 1
    assert "make migrate" in answer.stderr


def run_shell(url: str) -> "subprocess.CompletedProcess[str]":
    """Type a question into the prompt, with the example's settings and another database."""
    environment = os.environ | {
        "FENXIAO_CONFIG": "config.example.toml",
        "FENXIAO_SITE__ENVIRONMENT": "test",
        "FENXIAO_DATABASE__URL": url,
    }
    return subprocess.run(
        [sys.executable, "-m", "scripts.shell"],
        cwd=ROOT,
        env=environment,
        input=TYPED,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
