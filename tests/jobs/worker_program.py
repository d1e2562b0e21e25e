"""A real worker process: `python -m tests.jobs.worker_program DATABASE_URL WECHAT_URL`."""

import sys

from jobs.worker import run_worker
from models.database import SessionFactory, open_database
from tests.jobs.parts import make_parts
from web.collaborators import Collaborators
from wechat.account import WeChatAccount
from wechat.credentials import OfficialAccountCredentials
from workflows.credentials import DatabaseTokenStore


def make_worker_parts(sessions: SessionFactory, wechat_url: str) -> Collaborators:
    """A worker's collaborators, with a WeChat that listens at `wechat_url`."""
    credentials = OfficialAccountCredentials(
        app_id="wx5823bf96d3bd56c7",
        app_secret="0123456789abcdef0123456789abcdef",
        token="token",
        encoding_aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        api_base_url=wechat_url,
        oauth_base_url=wechat_url,
    )
    return make_parts(sessions, account=WeChatAccount(credentials, DatabaseTokenStore(sessions)))


def main() -> None:
    """Run until SIGTERM."""
    database_url, wechat_url = sys.argv[1:]
    sessions = open_database(database_url)
    parts = make_worker_parts(sessions, wechat_url)
    print("ready", flush=True)
    run_worker(parts)
    sessions.dispose()


if __name__ == "__main__":
    main()
