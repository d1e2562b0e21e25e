"""A real worker process: `python -m tests.jobs.worker_program DATABASE_URL WECHAT_URL`."""

import sys

from jobs.worker import run_worker
from models.database import open_database
from tests.jobs.parts import make_parts
from wechat.account import WeChatAccount
from wechat.credentials import OfficialAccountCredentials
from workflows.credentials import DatabaseTokenStore


def main() -> None:
    """Run until SIGTERM."""
    database_url, wechat_url = sys.argv[1:]
    sessions = open_database(database_url)
    credentials = OfficialAccountCredentials(
        app_id="wx5823bf96d3bd56c7",
        app_secret="0123456789abcdef0123456789abcdef",
        token="token",
        encoding_aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        api_base_url=wechat_url,
        oauth_base_url=wechat_url,
    )
    account = WeChatAccount(credentials, DatabaseTokenStore(sessions))
    print("ready", flush=True)
    run_worker(make_parts(sessions, account=account))
    sessions.dispose()


if __name__ == "__main__":
    main()
