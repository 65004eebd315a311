"""The command `sofreh-central`. Parses, opens the center or asks the process that serves it, prints. Exit status:
0 done, 1 refused or a check failed, 2 wrong usage.

    sofreh-central init DIR
    sofreh-central --center DIR policy load FILE.toml | list | rollback | catalog FILE.csv
    sofreh-central --center DIR shop add NUMBER NAME PLACE | list
    sofreh-central --center DIR import-households FILE.csv
    sofreh-central --center DIR cards FOLDER
    sofreh-central --center DIR enroll --shop NUMBER [--replaces DEVICE]
    sofreh-central --center DIR mandate SHOP ... --laptop TEXT --url URL --file FILE.mandates | introduce FILE
    sofreh-central laptop DIR | answer DIR REQUEST [--shop NUMBER] [--stick PATH] | introduce FILE --url URL
    sofreh-central --center DIR allot | announce TRANCHE | code NATIONAL_ID | settle | report | verify
    sofreh-central --center DIR epoch open | renew DEVICE | signatures DEVICE FIRST LAST
    sofreh-central verify [--keys DIR | --root HEX] FILE ...
    sofreh-central --center DIR import PATH | export PATH [DEVICE ...] | rekey FILE ...
    sofreh-central --center DIR serve --port 8443 --tls-cert FILE --tls-key FILE
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sync.central.clock import Clock, FileClock, SystemClock
from sync.central.config import TICKET_FOR_S, Folder
from sync.central.doors.control import give_order, take_orders
from sync.central.doors.technician_words import Kit, technician_orders
from sync.central.errors import CentralError, WrongInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.central.result import Result

NUMBER_MAX = 2**53 - 1
MINUTES_MAX = 366 * 24 * 60


def main() -> None:
    """Run and exit."""
    given = vars(_parser().parse_args())
    try:
        status = asyncio.run(_run(given))
        sys.stdout.flush()
    except CentralError as error:
        _complain(str(error), 1)
    except BrokenPipeError:
        # Nobody reads on, which is no failure; but Python would complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _complain(f"{error.filename or 'output'}: {error.strerror}", 1)
    except KeyboardInterrupt:
        _complain("interrupted; a step that was not finished has changed nothing", 130)
    sys.exit(status)


def _complain(text: str, status: int) -> NoReturn:
    """Say in one line what went wrong, and exit."""
    with suppress(OSError):
        print(f"sofreh-central: {text}", file=sys.stderr, flush=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


async def _run(given: dict[str, Any]) -> int:
    clock: Clock = SystemClock() if given["clock"] is None else FileClock(Path(given["clock"]))
    if given["order"] == "init":
        return _init(Folder(Path(given["folder"])), clock)
    folder = Folder(Path(given["center"]))
    if given["order"] == "serve":
        return await _serve(folder, clock, given)
    as_json = given.pop("json")
    if given["order"] in ("laptop", "answer") or (given["order"] == "introduce" and given["url"]):
        return _show(_on_the_laptop(given, clock), as_json=as_json)
    if given["order"] == "verify" and given["files"]:
        return _show(_inspect(given, folder), as_json=as_json)
    if given["order"] == "rekey":
        from sync.central.receipts.scans import read_scans

        given["scans"] = read_scans(given.pop("files"))
    result = await give_order(folder.control, given["order"], given, _progress)
    if result is None:
        # Only where nobody serves: the rest of the center takes four times as long to load as an order to give.
        from sync.central.center import open_center
        from sync.central.doors.orders import ORDERS

        async with open_center(folder, clock) as center:
            result = await ORDERS[given["order"]](center, given, _progress)
    return _show(result, as_json=as_json)


def _init(folder: Folder, clock: Clock) -> int:
    from sync.central.center import found
    from sync.wire.credential import root_fingerprint

    keys = found(folder, now_s=clock.now_s())
    print(f"center made in {folder.path}")
    print(f"root fingerprint {root_fingerprint(keys.trusted.root.public)}")
    print(f"carry {folder.root_key} away and lock it up: it signs new delegations and nothing else")
    return 0


def _inspect(given: dict[str, Any], folder: Folder) -> Result:
    from sync.central.reports.inspection import inspect

    keys = folder.keys if given["keys"] is None else Path(given["keys"])
    return inspect(given["files"], root=given["root"], keys=keys)


def _on_the_laptop(given: dict[str, Any], clock: Clock) -> Result:
    from sync.central.doors import enrolling_orders

    if given["order"] == "laptop":
        return enrolling_orders.laptop(given)
    if given["order"] == "answer":
        return enrolling_orders.answer(given, clock)
    return enrolling_orders.report_online(given)


async def _serve(folder: Folder, clock: Clock, given: dict[str, Any]) -> int:
    from sync.central.center import open_center
    from sync.central.chains import exchange
    from sync.central.doors import web

    tls = given["tls_cert"] is not None
    if tls != (given["tls_key"] is not None):
        raise WrongInput("serve", "give both --tls-cert and --tls-key")
    listener = web.listen(given["host"], given["port"], tls=tls)
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        center = await stack.enter_async_context(open_center(folder, clock))
        if given["accept_clock"]:
            await center.run(partial(exchange.accept_clock, now_s=clock.now_s()))
        await stack.enter_async_context(take_orders(center, folder.control))
        host, port = listener.getsockname()[:2]
        ready = partial(print, f"serving on {'https' if tls else 'http'}://{host}:{port}", flush=True)
        await web.serve(center, listener, tls_cert=given["tls_cert"], tls_key=given["tls_key"], ready=ready)
    return 0


def _show(result: Result, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(result.data, ensure_ascii=False, indent=1))
    else:
        print("\n".join(result.lines))
    return 0 if result.ok else 1


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sofreh-central", description="The center of Sofreh.")
    parser.add_argument(
        "--center", type=_path, default=_path(os.environ.get("SOFREH_CENTER", ".")), metavar="DIR",
        help="the center's folder (default: $SOFREH_CENTER, else here)",
    )  # fmt: skip
    parser.add_argument(
        "--clock", type=_path, metavar="FILE", help="a simulated clock file instead of this machine's clock"
    )
    orders = parser.add_subparsers(required=True, metavar="ORDER")
    init = orders.add_parser("init", help="make a new center's folder: keys and store")
    init.add_argument("folder", type=_path, metavar="DIR")
    init.set_defaults(order="init")
    _scheme_orders(orders)
    _people_orders(orders)
    technician_orders(orders, Kit(order=_order, number=_number, path=_path, path_or_text=_path_or_text))
    _credit_orders(orders)
    _checking_orders(orders)
    _courier_orders(orders)
    _device_orders(orders)
    _serve_order(orders)
    return parser


def _scheme_orders(orders: Any) -> None:
    policy = orders.add_parser("policy", help="the scheme's rules").add_subparsers(
        required=True, metavar="WHAT"
    )
    load = _order(policy, "load", "sign a policy document and put it in force", prefix="policy ")
    load.add_argument("file", type=_path, metavar="FILE.toml")
    _order(policy, "list", "all policies that were ever in force", prefix="policy ")
    _order(policy, "rollback", "bring the policy before this one back", prefix="policy ")
    catalog = _order(
        policy, "catalog", "sign the approved product list and put it in force", prefix="policy "
    )
    catalog.add_argument("file", type=_path, metavar="FILE.csv")
    catalog.add_argument("--force-shrink", action="store_true", help="even if many products vanish")


def _people_orders(orders: Any) -> None:
    shop = orders.add_parser("shop", help="contracted shops").add_subparsers(required=True, metavar="WHAT")
    add = _order(shop, "add", "register a shop", prefix="shop ")
    add.add_argument("number", type=_number())
    add.add_argument("name")
    add.add_argument("place")
    add.add_argument(
        "--label-template", metavar="2PIIIIIVVVVVC", help="layout of the shop's own weighed labels"
    )
    _order(shop, "list", "all shops", prefix="shop ")
    households = _order(orders, "import-households", "register households, all or none")
    households.add_argument("file", type=_path, metavar="FILE.csv")
    cards = _order(orders, "cards", "draw the household cards to cut out; --json also lists the PINs")
    cards.add_argument("folder", nargs="?", type=_path, metavar="FOLDER")
    cards.add_argument("--forget", action="store_true", help="then delete card secrets and PINs")
    _order(orders, "new-card", "make another card for a household").add_argument(
        "national_id", metavar="NATIONAL_ID"
    )
    _order(orders, "revoke-card", "declare a card no longer good").add_argument("card", type=_number())
    enroll = _order(orders, "enroll", "a single-use ticket for a new device")
    enroll.add_argument("--shop", type=_number(), required=True)
    enroll.add_argument(
        "--minutes",
        type=_number(MINUTES_MAX, least=1),
        default=TICKET_FOR_S // 60,
        help="how long it is good (default: %(default)s)",
    )
    enroll.add_argument(
        "--replaces", type=_number(), metavar="DEVICE", help="it takes the place of this dead one"
    )
    suspend = _order(orders, "suspend", "hold back what a device says after an entry")
    suspend.add_argument("device", type=_number())
    suspend.add_argument("--last-good", type=_number(least=-1), required=True, metavar="SEQUENCE")


def _credit_orders(orders: Any) -> None:
    _order(orders, "allot", "allot credit, settle leftovers, reserve allowances and mail everything")
    announce = _order(orders, "announce", "announce a tranche and show its code")
    announce.add_argument("tranche", type=_number())
    code = _order(orders, "code", "give out a household's next one-time code")
    code.add_argument("national_id", metavar="NATIONAL_ID")
    code.add_argument("--device", type=_number(), help="for this device (default: the first that has one)")
    recall = _order(orders, "recall", "ask a device to give allowances back")
    recall.add_argument("device", type=_number())
    recall.add_argument("--national-id", help="of one household only")
    settle = _order(orders, "settle", "settle with the shops up to now")
    settle.add_argument("--whole-days", action="store_true", help="only days that have ended")


def _checking_orders(orders: Any) -> None:
    report = _order(orders, "report", "devices, verdicts, ledger and settlement")
    report.add_argument("--html", type=_path, metavar="FILE", help="also write the page")
    verify = _order(
        orders,
        "verify",
        "verify everything that is stored; or files, as anybody can who has the root's public key",
    )
    verify.add_argument(
        "files",
        nargs="*",
        type=_path_or_text,
        metavar="FILE",
        help="an exported journal, batch or mail; a receipt's or card's text in a file, or itself (R1:..., C1:...)",
    )
    verify.add_argument(
        "--keys",
        type=_path,
        metavar="DIR",
        help="the root's public key and delegations (default: the center's)",
    )
    verify.add_argument(
        "--root", metavar="HEX", help="the root's public key, where its folder is not at hand"
    )


def _courier_orders(orders: Any) -> None:
    take = _order(orders, "import", "take devices' questions from a stick, and write the answers beside them")
    take.add_argument("path", type=_path, metavar="PATH", help="the stick's folder, or one file")
    send = _order(orders, "export", "write waiting mail to a stick for devices that have not asked")
    send.add_argument("path", type=_path, metavar="PATH", help="the stick's folder")
    send.add_argument(
        "devices",
        type=_number(),
        nargs="*",
        metavar="DEVICE",
        help="for these (default: all that mail waits for)",
    )
    rekey = _order(
        orders, "rekey", "book what a dead device's printed receipts prove, and say what is missing"
    )
    rekey.add_argument(
        "files",
        type=_path_or_dash,
        nargs="+",
        metavar="FILE",
        help="texts of receipts' QRs, one a line, as a keyboard scanner types them; -: standard input",
    )


def _device_orders(orders: Any) -> None:
    epoch = orders.add_parser("epoch", help="what a restored center has forgotten").add_subparsers(
        required=True, metavar="WHAT"
    )
    opened = _order(
        epoch, "open", "after restoring a backup: reserve nothing until devices return their mail", prefix="epoch "
    )  # fmt: skip
    opened.add_argument(
        "--devices",
        type=_number(),
        metavar="COUNT",
        help="how many were enrolled in all (default: those known)",
    )
    _order(orders, "renew", "let a device go on whose credential ended").add_argument(
        "device", type=_number()
    )
    signatures = _order(orders, "signatures", "ask a device for the own signatures of entries that came lean")
    signatures.add_argument("device", type=_number())
    signatures.add_argument("first", type=_number(), metavar="FIRST")
    signatures.add_argument("last", type=_number(), metavar="LAST")


def _serve_order(orders: Any) -> None:
    serve = orders.add_parser("serve", help="answer devices until told to stop")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument(
        "--port", type=_number(65_535), default=8443, help="0 takes a free one (default: %(default)s)"
    )
    serve.add_argument("--tls-cert", type=_path, metavar="FILE")
    serve.add_argument("--tls-key", type=_path, metavar="FILE")
    serve.add_argument(
        "--accept-clock", action="store_true", help="go on although the clock lies behind what was signed"
    )
    serve.set_defaults(order="serve")


def _order(orders: Any, name: str, text: str, *, prefix: str = "") -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = orders.add_parser(name, help=text)
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    parser.set_defaults(order=prefix + name)
    return parser


def _number(most: int = NUMBER_MAX, *, least: int = 0) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
        return value

    return number


def _path_or_text(text: str) -> str:
    """The text of a QR stays what it is."""
    return text if text.lstrip().startswith(("R1:", "C1:", "Q1:")) else _path(text)


def _path_or_dash(text: str) -> str:
    return text if text == "-" else _path(text)


def _path(text: str) -> str:
    return str(Path(text).absolute())
