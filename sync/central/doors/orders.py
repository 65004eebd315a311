"""What people may order of an open center, by name: arguments in, a result for people and machines out.

An order works the same whether its process opened the center itself or a serving process was asked. Arguments are plain
JSON values; paths in them are absolute.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.central.chains import courier
from sync.central.credit import allotments, allowances, cards, codes, people, scheme
from sync.central.dates import date_text, moment_text
from sync.central.doors import device_orders, enrolling_orders
from sync.central.enrolling import enrollment
from sync.central.errors import StoreFailed, WrongInput
from sync.central.mailbox import Mailbox
from sync.central.mailing import briefing
from sync.central.money import settlement
from sync.central.receipts import rekeying
from sync.central.reports import audit
from sync.central.reports.page import page
from sync.central.reports.report import report
from sync.central.reports.report_lines import report_lines, toman
from sync.central.result import Result

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable

    from sync.central.center import Center
    from sync.central.credit.codes import NewCode
    from sync.central.credit.people import Progress

    Arguments = dict[str, Any]

CODES_A_CHUNK = 16


async def _policy_load(center: Center, given: Arguments, _say: Progress) -> Result:
    file, now_s = Path(given["file"]), center.clock.now_s()

    def load(database: sqlite3.Connection) -> Result:
        loaded = scheme.load_policy(
            database, _text(file), file=file.name, keys=center.keys, now_s=now_s, chance=center.chance
        )
        _tell_all(database, center, now_s)
        return _policy_result(loaded.version, loaded.phase, "is in force")

    return await center.run(load)


async def _policy_rollback(center: Center, _given: Arguments, _say: Progress) -> Result:
    now_s = center.clock.now_s()

    def roll_back(database: sqlite3.Connection) -> Result:
        restored = scheme.roll_back_policy(database, keys=center.keys, now_s=now_s)
        _tell_all(database, center, now_s)
        return _policy_result(restored.version, restored.phase, "is in force again")

    return await center.run(roll_back)


async def _policy_list(center: Center, _given: Arguments, _say: Progress) -> Result:
    def listed(database: sqlite3.Connection) -> list[dict[str, Any]]:
        rows = database.execute(
            "SELECT version, phase, valid_from_s, loaded_at_s, restores, rolled_back FROM policy ORDER BY version"
        )
        return [dict(row) for row in rows]

    policies = await center.run(listed)
    lines = [
        f"{row['version']:4d}  {row['phase']:20s} from {date_text(row['valid_from_s'])}"
        f"{'  rolled back' if row['rolled_back'] else ''}"
        for row in policies
    ]
    return Result({"policies": policies}, lines)


async def _policy_catalog(center: Center, given: Arguments, _say: Progress) -> Result:
    file, now_s = Path(given["file"]), center.clock.now_s()

    def load(database: sqlite3.Connection) -> Result:
        loaded = scheme.load_catalog(
            database,
            _text(file),
            file=file.name,
            keys=center.keys,
            now_s=now_s,
            force_shrink=given["force_shrink"],
        )
        _tell_all(database, center, now_s)
        data = {"version": loaded.version, "products": len(loaded.products)}
        return Result(
            data, [f"product list {loaded.version} with {len(loaded.products)} products is in force"]
        )

    return await center.run(load)


async def _import_households(center: Center, given: Arguments, say: Progress) -> Result:
    file = Path(given["file"])
    source = _text(file)
    count = await center.run(
        partial(
            people.import_households,
            source=source, file=file.name, now_s=center.clock.now_s(), chance=center.chance, progress=say,
        )
    )  # fmt: skip
    return Result({"households": count}, [f"{count} households registered, a card and a PIN for each"])


async def _shop_add(center: Center, given: Arguments, _say: Progress) -> Result:
    def add(database: sqlite3.Connection) -> None:
        people.add_shop(
            database,
            number=given["number"],
            name=given["name"],
            place=given["place"],
            label_template=given["label_template"],
        )

    await center.run(add)
    return Result({"shop": given["number"]}, [f"shop {given['number']} registered"])


async def _shop_list(center: Center, _given: Arguments, _say: Progress) -> Result:
    def listed(database: sqlite3.Connection) -> list[dict[str, Any]]:
        return [dict(row) for row in database.execute("SELECT * FROM shop ORDER BY number")]

    shops = await center.run(listed)
    return Result(
        {"shops": shops}, [f"{shop['number']:6d}  {shop['name']}  {shop['place']}" for shop in shops]
    )


async def _enroll(center: Center, given: Arguments, _say: Progress) -> Result:
    ticket = await center.run(
        partial(
            enrollment.issue_ticket,
            shop=given["shop"], keys=center.keys, now_s=center.clock.now_s(),
            valid_s=60 * given["minutes"], chance=center.chance, replaces=given.get("replaces"),
        )
    )  # fmt: skip
    token, _, fingerprint = ticket.text.partition(".")
    data = {
        "ticket": ticket.text, "token": token, "root_fingerprint": fingerprint, "shop": ticket.shop,
        "operator_pin": ticket.operator_pin, "expires_s": ticket.expires_s,
    }  # fmt: skip
    lines = [
        f"ticket        {ticket.text}",
        f"operator PIN  {ticket.operator_pin}",
        f"good for one device of shop {ticket.shop} until {moment_text(ticket.expires_s)}",
    ]
    return Result(data, lines)


async def _allot(center: Center, _given: Arguments, say: Progress) -> Result:
    now_s = center.clock.now_s()
    fell_back = await center.run(partial(allowances.fall_back, now_s=now_s))
    policy = await center.run(scheme.current_policy)
    allotted = await center.run(partial(allotments.allot, policy=policy, now_s=now_s, progress=say))
    devices = []
    for device in await center.run(briefing.device_numbers):
        say(f"device {device}")
        await center.run(partial(briefing.brief_documents, device=device, keys=center.keys, now_s=now_s))
        wanted = await center.run(partial(codes.wanted, device=device, chance=center.chance))
        hashes = await _hashed(center, wanted, say)
        await center.run(partial(codes.keep, codes=list(zip(wanted, hashes, strict=True))))
        briefed = await center.run(
            partial(briefing.brief_credit, device=device, policy=policy, keys=center.keys, now_s=now_s)
        )
        devices.append({"device": device, **briefed._asdict(), "codes": len(wanted)})
    lines = [f"{allotted.households} households allotted {toman(allotted.amount_rial)} toman"]
    if allotted.tranches_expired:
        lines.append(f"{allotted.tranches_expired} tranches have expired and were not allotted")
    if allotted.carried_rial or allotted.expired_rial:
        lines.append(
            f"{toman(allotted.carried_rial)} toman carried over, {toman(allotted.expired_rial)} expired"
        )
    lines += [
        f"device {one['device']}: {one['allowances']} allowances of {toman(one['amount_rial'])} toman,"
        f" {one['households']} households, {one['codes']} one-time codes"
        for one in devices
    ]
    return Result({**allotted._asdict(), "fell_back": fell_back, "devices": devices}, lines)


async def _hashed(center: Center, wanted: list[NewCode], say: Progress) -> list[bytes]:
    chunks = [wanted[at : at + CODES_A_CHUNK] for at in range(0, len(wanted), CODES_A_CHUNK)]
    hashes: list[bytes] = []
    async for done in center.work_each([partial(codes.hash_codes, chunk) for chunk in chunks]):
        hashes += done
        say(f"{len(hashes)} of {len(wanted)} one-time codes made")
    return hashes


async def _announce(center: Center, given: Arguments, _say: Progress) -> Result:
    now_s = center.clock.now_s()

    def announce(database: sqlite3.Connection) -> Result:
        code, cohorts = scheme.reveal(database, given["tranche"], now_s=now_s)
        for device in briefing.device_numbers(database):
            briefing.brief_announcements(database, device, center.keys, now_s=now_s)
        grouped = " ".join(code[at : at + 4] for at in range(0, len(code), 4))
        data = {"tranche": given["tranche"], "code": code, "cohorts": list(cohorts)}
        return Result(data, [f"tranche {given['tranche']} is announced; its code is {grouped}"])

    return await center.run(announce)


async def _code(center: Center, given: Arguments, _say: Progress) -> Result:
    def give_out(database: sqlite3.Connection) -> Result:
        household = people.household_by_national_id(database, given["national_id"])
        digits, device, left = codes.give_out(
            database, household["number"], given["device"], now_s=center.clock.now_s()
        )
        data = {"code": digits, "device": device, "household": household["number"], "left": left}
        return Result(data, [f"{digits[:4]} {digits[4:]}  good once at device {device}; {left} more"])

    return await center.run(give_out)


async def _recall(center: Center, given: Arguments, _say: Progress) -> Result:
    now_s = center.clock.now_s()

    def recall(database: sqlite3.Connection) -> Result:
        device = briefing.device_row(database, given["device"])["number"]
        households = None
        if given["national_id"] is not None:
            households = [people.household_by_national_id(database, given["national_id"])["number"]]
        mailbox = Mailbox(database, device, center.keys, now_s=now_s)
        count = allowances.recall(database, mailbox, device, households, now_s=now_s)
        return Result(
            {"device": device, "allowances": count}, [f"{count} allowances asked back from device {device}"]
        )

    return await center.run(recall)


async def _revoke_card(center: Center, given: Arguments, _say: Progress) -> Result:
    now_s = center.clock.now_s()
    devices = await center.run(
        partial(briefing.revoke_card, card=given["card"], keys=center.keys, now_s=now_s)
    )
    return Result(
        {"card": given["card"], "devices": devices}, [f"card {given['card']} revoked; {devices} devices told"]
    )


async def _new_card(center: Center, given: Arguments, _say: Progress) -> Result:
    now_s = center.clock.now_s()

    def make(database: sqlite3.Connection) -> int:
        household = people.household_by_national_id(database, given["national_id"])
        return people.new_card(database, household["number"], now_s=now_s, chance=center.chance)

    number = await center.run(make)
    return Result({"card": number}, [f"card {number} made; devices learn of it by the next allot"])


async def _suspend(center: Center, given: Arguments, _say: Progress) -> Result:
    device, last_good = given["device"], given["last_good"]
    suspended = partial(enrollment.suspend, device=device, last_good=last_good, now_s=center.clock.now_s())
    freed = await center.run(suspended)
    lines = [f"device {device}: entries after {last_good} will be held"]
    if freed:
        lines.append(
            f"{freed} allowances are free again; the next allot grants them to the shop's other devices"
        )
    return Result({"device": device, "last_good": last_good, "taken_back": freed}, lines)


async def _settle(center: Center, given: Arguments, _say: Progress) -> Result:
    made = await center.run(
        partial(
            settlement.settle,
            keys=center.keys,
            now_s=center.clock.now_s(),
            whole_days_only=given["whole_days"],
        )
    )
    data = [
        {"number": one.number, "day_s": one.day_s, "purchases": one.purchases, "amount_rial": one.amount_rial, "pay_by_s": one.pay_by_s}
        for one in made
    ]  # fmt: skip
    lines = [
        f"settlement {one.number}: {toman(one.amount_rial)} toman for {date_text(one.day_s)}" for one in made
    ]
    return Result({"settlements": data}, lines or ["nothing to settle"])


async def _report(center: Center, given: Arguments, _say: Progress) -> Result:
    value = await center.run(partial(report, now_s=center.clock.now_s()))
    lines = report_lines(value)
    if given["html"] is not None:
        _write(Path(given["html"]), page(value))
        lines.append(f"written to {given['html']}")
    return Result(value, lines)


async def _verify(center: Center, _given: Arguments, say: Progress) -> Result:
    findings = await center.run(partial(audit.audit, keys=center.keys, progress=say))
    lines = findings or ["every entry, chain, document and posting holds"]
    return Result({"sound": not findings, "findings": findings}, lines, ok=not findings)


async def _import(center: Center, given: Arguments, say: Progress) -> Result:
    return await courier.take(center, Path(given["path"]), say)


async def _export(center: Center, given: Arguments, _say: Progress) -> Result:
    return await courier.send(center, Path(given["path"]), given["devices"])


async def _rekey(center: Center, given: Arguments, _say: Progress) -> Result:
    return await rekeying.rekey(center, [rekeying.Scan(where, text) for where, text in given["scans"]])


async def _cards(center: Center, given: Arguments, say: Progress) -> Result:
    issued = await center.run(partial(cards.issued, keys=center.keys))
    pages = []
    if given["folder"] is not None:
        from sync.central.credit import card_pages  # noqa: PLC0415 -- what draws takes a fifth of an order's start

        drawings = card_pages.drawings(issued, Path(given["folder"]))
        for drawing in drawings:  # one at a time: other workers are for tills
            pages.append(str(await center.work(drawing)))
            say(f"{len(pages)} of {len(drawings)} pages drawn")
    if given["forget"]:
        await center.run(cards.forget)
    data = {"cards": [one._asdict() for one in issued], "pages": pages}
    return Result(data, [f"{len(issued)} cards on {len(pages)} pages"])


def _tell_all(database: sqlite3.Connection, center: Center, now_s: int) -> None:
    for device in briefing.device_numbers(database):
        briefing.brief_documents(database, device, center.keys, now_s=now_s)


def _policy_result(version: int, phase: str, what: str) -> Result:
    return Result({"version": version, "phase": phase}, [f"policy {version} ({phase}) {what}"])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WrongInput(str(path), error.strerror or "cannot be read") from None
    except UnicodeDecodeError as error:
        raise WrongInput(str(path), f"is not UTF-8 at byte {error.start}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


ORDERS: dict[str, Callable[[Center, Arguments, Progress], Awaitable[Result]]] = {
    "policy load": _policy_load,
    "policy rollback": _policy_rollback,
    "policy list": _policy_list,
    "policy catalog": _policy_catalog,
    "import-households": _import_households,
    "shop add": _shop_add,
    "shop list": _shop_list,
    "enroll": _enroll,
    "allot": _allot,
    "announce": _announce,
    "code": _code,
    "recall": _recall,
    "revoke-card": _revoke_card,
    "new-card": _new_card,
    "suspend": _suspend,
    "settle": _settle,
    "report": _report,
    "verify": _verify,
    "cards": _cards,
    "import": _import,
    "export": _export,
    "rekey": _rekey,
    **device_orders.ORDERS,
    **enrolling_orders.ORDERS,
}
