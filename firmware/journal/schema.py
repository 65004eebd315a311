"""Tables of the journal. `entry` and `mail` are the truth; every other table but `told` is a projection, rebuilt
from them.

Amounts are rial, times Unix seconds, hashes and signatures blobs. Integer primary keys keep a lookup as cheap at a million
rows as at a hundred; a household's allowances lie side by side, so that its balance is one page and not one an allowance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

PAGE_BYTES = 1024
"""A small page: a purchase then writes a third of what 4 KiB pages would."""
CACHE_KIB = 4096
"""Room for the inner pages of a million households' tables; a village's journal fills a part of it."""
LOG_BYTES = 512 << 10
"""The write-ahead log's length from the first idle moment on: a hundred purchases of five pages each."""

LOGS = """
CREATE TABLE IF NOT EXISTS entry (
    sequence INTEGER PRIMARY KEY, kind INTEGER NOT NULL, payload BLOB NOT NULL, lines BLOB, private BLOB,
    signature BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS mail (number INTEGER PRIMARY KEY, message BLOB NOT NULL, hash BLOB NOT NULL);
"""

PROJECTIONS = """
CREATE TABLE IF NOT EXISTS household (
    number INTEGER PRIMARY KEY, cohort INTEGER NOT NULL, tag INTEGER NOT NULL, code_salt BLOB NOT NULL,
    pin_failures INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS household_by_tag ON household (tag);
CREATE TABLE IF NOT EXISTS card (
    number INTEGER PRIMARY KEY, household INTEGER NOT NULL, key_check BLOB NOT NULL, revoked INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS code (
    household INTEGER NOT NULL, hash BLOB NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (household, hash)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS allowance (
    household INTEGER NOT NULL, number INTEGER NOT NULL, tranche INTEGER NOT NULL, amount_rial INTEGER NOT NULL,
    left_rial INTEGER NOT NULL CHECK (left_rial BETWEEN 0 AND amount_rial), opens_at_s INTEGER,
    authorize_until_s INTEGER NOT NULL, present_by_s INTEGER NOT NULL, returned INTEGER NOT NULL,
    PRIMARY KEY (household, number)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS allowance_by_number ON allowance (number);
CREATE TABLE IF NOT EXISTS lock (
    tranche INTEGER NOT NULL, cohort INTEGER NOT NULL, salt BLOB NOT NULL, lock BLOB NOT NULL,
    PRIMARY KEY (tranche, cohort)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS release (
    tranche INTEGER NOT NULL, cohort INTEGER NOT NULL, PRIMARY KEY (tranche, cohort)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS purchase (
    sequence INTEGER PRIMARY KEY, household INTEGER NOT NULL, credit_rial INTEGER NOT NULL, own_rial INTEGER NOT NULL,
    voided INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS purchase_by_household ON purchase (household, sequence);
CREATE TABLE IF NOT EXISTS reversal (
    sequence INTEGER PRIMARY KEY, purchase INTEGER NOT NULL, void INTEGER NOT NULL, credit_rial INTEGER NOT NULL,
    own_rial INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS reversal_by_purchase ON reversal (purchase);
CREATE TABLE IF NOT EXISTS cash_sale (sequence INTEGER PRIMARY KEY, total_rial INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS decline (sequence INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS closing (
    sequence INTEGER PRIMARY KEY, closing INTEGER NOT NULL, number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS price (
    good INTEGER NOT NULL, gtin INTEGER NOT NULL, unit INTEGER NOT NULL, price_rial INTEGER NOT NULL,
    PRIMARY KEY (good, gtin, unit)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS product (
    gtin INTEGER PRIMARY KEY, good INTEGER NOT NULL, name TEXT NOT NULL, unit INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS verdict (sequence INTEGER PRIMARY KEY, verdict INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS verdict_refused ON verdict (sequence) WHERE verdict > 1;
CREATE TABLE IF NOT EXISTS notice (
    mail INTEGER PRIMARY KEY, kind INTEGER NOT NULL, urgent INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS known (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
"""

TOLD = """
CREATE TABLE IF NOT EXISTS told (
    number INTEGER PRIMARY KEY, after INTEGER NOT NULL, last INTEGER NOT NULL, entry INTEGER UNIQUE, printed INTEGER NOT NULL);
"""
"""Which mail paper told of: no projection, since only the till that printed knows it, and a rebuild keeps it."""

PROJECTION_TABLES = (
    "household", "card", "code", "allowance", "lock", "release", "purchase", "reversal", "cash_sale", "decline", "closing",
    "price", "product", "verdict", "notice", "known",
)  # fmt: skip


def prepare(connection: sqlite3.Connection) -> None:
    """Settings and tables. One process, one connection: exclusive locking also avoids SQLite's WAL-reset flaw."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.executescript(f"BEGIN;{LOGS}{PROJECTIONS}{TOLD}COMMIT;")
