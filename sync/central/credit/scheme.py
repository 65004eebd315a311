"""The scheme's rules: policy documents and the approved product list, signed and versioned, switched as a whole.

A document gets the next version when it is loaded; a rollback brings the one before back as a new version, so versions
only rise. A tranche's number belongs to one phase for ever, for entries and locks name it alone.
Owns the tables policy, catalog and release.
"""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.central.config import CATALOG_SHRINK_PERCENT_MAX
from sync.central.credit.policy_file import read_policy
from sync.central.dates import western
from sync.central.errors import Conflict, Refused, Unknown, WrongInput
from sync.wire import catalog, cose, policy, proof
from sync.wire.catalog import Catalog, Product
from sync.wire.kinds import Role, Unit
from sync.wire.numbers import check_digit, is_gtin
from sync.wire.policy import Policy

if TYPE_CHECKING:
    import sqlite3

    from sync.central.keys import Chance, Keys

CODE_DIGITS = 12
UNITS = {"piece": Unit.PIECE, "gram": Unit.GRAM, "tray": Unit.TRAY}
CATALOG_COLUMNS = ["gtin", "good", "name", "unit"]


def load_policy(
    database: sqlite3.Connection, source: str, *, file: str, keys: Keys, now_s: int, chance: Chance
) -> Policy:
    """Sign and switch to the policy in `source`; make the codes of its locked tranches. Raises: WrongInput, Conflict."""
    loaded = read_policy(source, file=file, version=_next_version(database, "policy"))
    _check_tranche_numbers(database, loaded, file)
    _store_policy(database, loaded, keys=keys, now_s=now_s, restores=None)
    make_releases(database, loaded, chance)
    return loaded


def roll_back_policy(database: sqlite3.Connection, *, keys: Keys, now_s: int) -> Policy:
    """Bring the policy before the current one back, once. Raises: Refused."""
    rows = database.execute(
        "SELECT version, restores, message FROM policy WHERE NOT rolled_back ORDER BY version DESC"
    )
    newest, *older = rows.fetchmany(2) or [None]
    if newest is None or not older or newest["restores"] is not None:
        raise Refused("there is no policy to go back to: a rollback goes one step")
    database.execute("UPDATE policy SET rolled_back = 1 WHERE version = ?", (newest["version"],))
    restored = replace(opened_policy(older[0]["message"]), version=_next_version(database, "policy"))
    _store_policy(database, restored, keys=keys, now_s=now_s, restores=older[0]["version"])
    return restored


def current_policy(database: sqlite3.Connection) -> Policy:
    """The policy in force. Raises: Refused, before the first was loaded."""
    row = database.execute(
        "SELECT message FROM policy WHERE NOT rolled_back ORDER BY version DESC LIMIT 1"
    ).fetchone()
    if row is None:
        raise Refused("no policy is loaded: 'sofreh-central policy load FILE.toml'")
    return opened_policy(row["message"])


def policy_of(database: sqlite3.Connection, version: int) -> Policy | None:
    """A version of the policy, whether or not it is in force."""
    row = database.execute("SELECT message FROM policy WHERE version = ?", (version,)).fetchone()
    return None if row is None else opened_policy(row["message"])


def make_releases(database: sqlite3.Connection, loaded: Policy, chance: Chance) -> None:
    """One code a locked tranche, one salt a tranche and cohort; those that exist stay."""
    for tranche in loaded.tranches:
        if (
            tranche.opens_at_s is not None
            or release_row(database, tranche.number, tranche.cohort) is not None
        ):
            continue
        known = database.execute("SELECT code FROM release WHERE tranche = ?", (tranche.number,)).fetchone()
        code = _new_code(chance) if known is None else known["code"]
        salt = chance(proof.SALT_BYTES)
        database.execute(
            "INSERT INTO release (tranche, cohort, code, salt, root) VALUES (?, ?, ?, ?, ?)",
            (tranche.number, tranche.cohort, code, salt, proof.slow_hash(code, salt)),
        )


def announced(database: sqlite3.Connection, *, by_s: int) -> frozenset[tuple[int, int]]:
    """Tranche and cohort of everything that was officially announced by then."""
    rows = database.execute("SELECT tranche, cohort FROM release WHERE announced_at_s <= ?", (by_s,))
    return frozenset((row["tranche"], row["cohort"]) for row in rows)


def release_row(database: sqlite3.Connection, tranche: int, cohort: int) -> sqlite3.Row | None:
    """What opens a locked tranche for a cohort."""
    row: sqlite3.Row | None = database.execute(
        "SELECT * FROM release WHERE tranche = ? AND cohort = ?", (tranche, cohort)
    ).fetchone()
    return row


def reveal(database: sqlite3.Connection, tranche: int, *, now_s: int) -> tuple[str, tuple[int, ...]]:
    """Announce a tranche: its code and cohorts. Announcing again tells the same and moves no date. Raises: Unknown."""
    rows = database.execute(
        "SELECT cohort, code FROM release WHERE tranche = ? ORDER BY cohort", (tranche,)
    ).fetchall()
    if not rows:
        raise Unknown(f"tranche {tranche} is not one that waits for an announcement")
    database.execute(
        "UPDATE release SET announced_at_s = ? WHERE tranche = ? AND announced_at_s IS NULL", (now_s, tranche)
    )
    return rows[0]["code"], tuple(row["cohort"] for row in rows)


def load_catalog(
    database: sqlite3.Connection, source: str, *, file: str, keys: Keys, now_s: int, force_shrink: bool
) -> Catalog:
    """Sign and switch to the product list in `source`. Raises: WrongInput; Conflict, when it lost too many products."""
    loaded = Catalog(version=_next_version(database, "catalog"), products=tuple(_read_products(source, file)))
    if not force_shrink:
        _check_shrink(current_catalog(database), loaded, file)
    message = cose.sign(loaded.to_cbor(), keys.signing[Role.POLICY], context=catalog.CONTEXT)
    database.execute("INSERT INTO catalog VALUES (?, ?, ?)", (loaded.version, now_s, message))
    return loaded


def current_catalog(database: sqlite3.Connection) -> Catalog | None:
    """The list in force, if one was loaded."""
    row = database.execute("SELECT message FROM catalog ORDER BY version DESC LIMIT 1").fetchone()
    return None if row is None else opened_catalog(row["message"])


def goods_of_catalog(database: sqlite3.Connection, version: int) -> dict[int, int] | None:
    """Good by GTIN in one version of the list. The empty list is version 0."""
    if version == 0:
        return {}
    row = database.execute("SELECT message FROM catalog WHERE version = ?", (version,)).fetchone()
    return None if row is None else _goods(row["message"])


@lru_cache(maxsize=64)
def opened_policy(message: bytes) -> Policy:
    """The policy in a message of our own store."""
    return Policy.from_cbor(cose.parse(message, what="policy").payload)


@lru_cache(maxsize=4)
def opened_catalog(message: bytes) -> Catalog:
    """The list in a message of our own store."""
    return Catalog.from_cbor(cose.parse(message, what="catalog").payload)


@lru_cache(maxsize=4)
def _goods(message: bytes) -> dict[int, int]:
    return {product.gtin: product.good for product in opened_catalog(message).products}


def _store_policy(
    database: sqlite3.Connection, new: Policy, *, keys: Keys, now_s: int, restores: int | None
) -> None:
    message = cose.sign(new.to_cbor(), keys.signing[Role.POLICY], context=policy.CONTEXT)
    database.execute(
        "INSERT INTO policy (version, phase, valid_from_s, loaded_at_s, restores, message) VALUES (?, ?, ?, ?, ?, ?)",
        (new.version, new.phase, new.valid_from_s, now_s, restores, message),
    )


def _next_version(database: sqlite3.Connection, table: str) -> int:
    assert table in {"policy", "catalog"}, "a table with versions"
    return int(database.execute(f"SELECT COALESCE(MAX(version), 0) + 1 AS v FROM {table}").fetchone()["v"])  # noqa: S608 -- two tables of ours


def _check_tranche_numbers(database: sqlite3.Connection, loaded: Policy, file: str) -> None:
    numbers = {tranche.number for tranche in loaded.tranches}
    for row in database.execute("SELECT phase, message FROM policy WHERE phase <> ?", (loaded.phase,)):
        taken = numbers & {tranche.number for tranche in opened_policy(row["message"]).tranches}
        if taken:
            raise WrongInput(f"{file}: tranches.number", f"{min(taken)} belongs to the phase {row['phase']}")


def _new_code(chance: Chance) -> str:
    digits = random_digits(CODE_DIGITS, chance)
    return digits + check_digit(digits)


def random_digits(count: int, chance: Chance) -> str:
    """So many decimal digits, each equally likely (the bias of 128 bits is beyond measure)."""
    return f"{int.from_bytes(chance(16)) % 10**count:0{count}d}"


def _read_products(source: str, file: str) -> list[Product]:
    reader = csv.DictReader(io.StringIO(source.removeprefix("\ufeff")), strict=True)
    products: dict[int, Product] = {}
    try:
        if reader.fieldnames != CATALOG_COLUMNS:
            raise WrongInput(f"{file} row 1", f"the columns are not {','.join(CATALOG_COLUMNS)}")
        for row in reader:
            where = f"{file} row {reader.line_num}"
            if None in row or None in row.values():
                raise WrongInput(where, f"has not {len(CATALOG_COLUMNS)} columns")
            product = _product(row, where)
            if product.gtin in products:
                raise WrongInput(where, f"GTIN {row['gtin']} stands twice")
            products[product.gtin] = product
    except csv.Error as error:
        raise WrongInput(f"{file} row {reader.line_num + 1}", str(error)) from None
    if not 0 < len(products) <= catalog.PRODUCTS_MAX:
        raise WrongInput(file, f"has {len(products)} products, not 1 to {catalog.PRODUCTS_MAX}")
    return list(products.values())


def _product(row: dict[str, str], where: str) -> Product:
    gtin, good, name, unit = (western((row[column] or "").strip()) for column in CATALOG_COLUMNS)
    if not is_gtin(gtin):
        raise WrongInput(where, f"gtin: {gtin!r} is not a GTIN with a right check digit")
    if not good.isdecimal() or len(good) > 3 or not 1 <= int(good) <= 255:
        raise WrongInput(where, f"good: {good!r} is not the number of a good")
    if not 0 < len(name) <= 80:
        raise WrongInput(where, "name: is empty or longer than 80 characters")
    if unit not in UNITS:
        raise WrongInput(where, f"unit: {unit!r} is not one of {', '.join(UNITS)}")
    return Product(gtin=int(gtin), good=int(good), name=(row["name"] or "").strip(), unit=UNITS[unit])


def _check_shrink(old: Catalog | None, new: Catalog, file: str) -> None:
    if old is None:
        return
    kept = {product.gtin for product in new.products}
    lost = [product for product in old.products if product.gtin not in kept]
    if len(lost) * 100 > len(old.products) * CATALOG_SHRINK_PERCENT_MAX:
        names = "، ".join(f"{product.gtin} {product.name}" for product in lost[:5])
        raise Conflict(
            f"{file}: {len(lost)} of {len(old.products)} products would vanish ({names} ...); --force-shrink if that is meant"
        )
