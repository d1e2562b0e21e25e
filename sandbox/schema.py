"""The sandbox's tables. Times are seconds since 1970: `*_at` by its clock, `*_real` really."""

import re

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS phones (
    phone_id TEXT PRIMARY KEY, openid TEXT NOT NULL UNIQUE, union_id TEXT,
    nickname TEXT NOT NULL, real_name TEXT NOT NULL DEFAULT '',
    is_following INTEGER NOT NULL DEFAULT 0, is_snapshot INTEGER NOT NULL DEFAULT 0,
    followed_at REAL, scene TEXT NOT NULL DEFAULT '', remark TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS tags (
    tag_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS tag_members (
    tag_id INTEGER NOT NULL, openid TEXT NOT NULL, PRIMARY KEY (tag_id, openid)
);
CREATE TABLE IF NOT EXISTS messages (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT, phone_id TEXT NOT NULL, sender TEXT NOT NULL,
    kind TEXT NOT NULL, content TEXT NOT NULL, source TEXT NOT NULL, created_at REAL NOT NULL,
    delivery_id INTEGER
);
CREATE INDEX IF NOT EXISTS messages_of_phone ON messages (phone_id, message_id);
CREATE TABLE IF NOT EXISTS opens (
    open_id INTEGER PRIMARY KEY AUTOINCREMENT, phone_id TEXT NOT NULL, url TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS entries (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT, chat_id TEXT NOT NULL, phone_id TEXT NOT NULL,
    kind TEXT NOT NULL, content TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS pictures (
    picture_id TEXT PRIMARY KEY, content_type TEXT NOT NULL, content BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS windows (
    openid TEXT NOT NULL, kind TEXT NOT NULL, expires_at REAL NOT NULL, remaining INTEGER,
    PRIMARY KEY (openid, kind)
);
CREATE TABLE IF NOT EXISTS media (
    media_id TEXT PRIMARY KEY, kind TEXT NOT NULL, content_type TEXT NOT NULL,
    content BLOB NOT NULL, created_at REAL NOT NULL, is_upload INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS qrcodes (
    ticket TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE, scene TEXT NOT NULL,
    is_permanent INTEGER NOT NULL, expires_at REAL
);
CREATE INDEX IF NOT EXISTS qrcodes_by_scene ON qrcodes (is_permanent, scene);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, family TEXT NOT NULL, issued_real REAL NOT NULL,
    expires_real REAL NOT NULL, replaced_real REAL
);
CREATE TABLE IF NOT EXISTS uses (
    name TEXT NOT NULL, period TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (name, period)
);
CREATE TABLE IF NOT EXISTS oauth_codes (
    code TEXT PRIMARY KEY, openid TEXT NOT NULL, phone_id TEXT NOT NULL, scope TEXT NOT NULL,
    is_snapshot INTEGER NOT NULL, expires_real REAL NOT NULL, is_used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS oauth_tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, openid TEXT NOT NULL, phone_id TEXT NOT NULL,
    scope TEXT NOT NULL, is_snapshot INTEGER NOT NULL, expires_real REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    delivery_id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, lane TEXT NOT NULL,
    position REAL NOT NULL, event TEXT NOT NULL, phone_id TEXT, url TEXT NOT NULL,
    payload TEXT NOT NULL, state TEXT NOT NULL, held_for TEXT, tries INTEGER NOT NULL DEFAULT 0,
    next_real REAL NOT NULL, attempts TEXT NOT NULL DEFAULT '[]', created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, position);
CREATE TABLE IF NOT EXISTS faults (
    fault_id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, kind TEXT NOT NULL,
    remaining INTEGER NOT NULL, seconds REAL NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL,
    status INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS calls (
    call_id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, target TEXT NOT NULL, status INTEGER NOT NULL, code TEXT NOT NULL,
    request TEXT NOT NULL, response TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS payments (
    out_trade_no TEXT PRIMARY KEY, transaction_id TEXT, app_id TEXT NOT NULL,
    openid TEXT NOT NULL, description TEXT NOT NULL, attach TEXT NOT NULL,
    notify_url TEXT NOT NULL, amount_fen INTEGER NOT NULL, state TEXT NOT NULL,
    fingerprint TEXT NOT NULL, created_at REAL NOT NULL, expires_at REAL NOT NULL, paid_at REAL
);
CREATE TABLE IF NOT EXISTS prepays (
    prepay_id TEXT PRIMARY KEY, out_trade_no TEXT NOT NULL, expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS refunds (
    out_refund_no TEXT PRIMARY KEY, refund_id TEXT NOT NULL, out_trade_no TEXT NOT NULL,
    refund_fen INTEGER NOT NULL, reason TEXT NOT NULL, notify_url TEXT NOT NULL,
    status TEXT NOT NULL, fingerprint TEXT NOT NULL, created_at REAL NOT NULL,
    settles_real REAL, succeeded_at REAL
);
CREATE TABLE IF NOT EXISTS transfers (
    out_bill_no TEXT PRIMARY KEY, transfer_bill_no TEXT NOT NULL, openid TEXT NOT NULL,
    amount_fen INTEGER NOT NULL, remark TEXT NOT NULL, scene_id TEXT NOT NULL,
    user_name TEXT NOT NULL, notify_url TEXT NOT NULL, package_info TEXT NOT NULL,
    state TEXT NOT NULL, fail_reason TEXT NOT NULL DEFAULT '', fingerprint TEXT NOT NULL,
    created_at REAL NOT NULL, updated_at REAL NOT NULL, expires_at REAL NOT NULL,
    accepted_real REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS bill_files (
    token TEXT PRIMARY KEY, content BLOB NOT NULL, expires_real REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS bill_changes (
    change_id INTEGER PRIMARY KEY AUTOINCREMENT, bill TEXT NOT NULL, day TEXT NOT NULL,
    kind TEXT NOT NULL, number TEXT NOT NULL, amount_fen INTEGER NOT NULL, state TEXT NOT NULL
);
"""

TABLES = tuple(re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", SCHEMA))
