"""`sofreh-till export` and `import`: what a technician reads when a stick goes out and comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers.device_key import FileDeviceKey
from firmware import command, identity
from firmware.roles import open_roles
from firmware.technician.enrollment import enroll, ticket_from
from sync import stick
from sync.wire import carried, cose
from sync.wire.carried import Place
from sync.wire.credential import TrustedKeys
from sync.wire.errors import NotDelegated
from sync.wire.exchange import ANSWER_CONTEXT, VERSION, ExchangeAnswer, ExchangeRequest
from sync.wire.kinds import MailKind, Role, Way
from sync.wire.mail import MailHead, Revocation, seal
from tests.fakes.enrolling_center import EnrollingCenter
from tests.fakes.paper_center import OPENING_S

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.identity import Identity


class Shop:
    """An enrolled till whose appliance is stopped, its center on paper, and a stick."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "till.toml"
        self.config.write_text('data_folder = "data"\nclock.chip = true\n')
        self.data, self.stick = folder / "data", folder / "stick"
        self.stick.mkdir()
        self.center = EnrollingCenter()
        asyncio.run(
            enroll(
                self.data, ticket_from(self.center.ticket), "http://127.0.0.1:1", self.center,
                software="1", random_bytes=bytes,
            )
        )  # fmt: skip

    @property
    def identity(self) -> Identity:
        return identity.load(self.data, FileDeviceKey.load(self.data / identity.KEY_FILE))

    def run(self, action: str) -> int:
        return command.main([action, "--config", str(self.config), str(self.stick)])

    def questions(self) -> list[ExchangeRequest]:
        """What the center reads on the stick."""
        opened = []
        for _, path in stick.listed(self.stick, Way.QUESTION):
            key = self.center.paper.keys[Role.ENCRYPTION]
            _, messages = carried.open_file(stick.read(path), key, way=Way.QUESTION)
            opened += [ExchangeRequest.from_cbor(cose.parse(one, what="request").payload) for one in messages]
        return opened

    def answer(self, *, statement: int = 1, mail: int = 0) -> Path:
        """The center's answer to the last question on the stick."""
        asked, own, items = self.questions()[-1], self.identity, []
        after = MailHead(0, own.credential_hash)
        for number in range(mail):
            items.append(
                seal(
                    Revocation(cards=(number,)), MailKind.REVOCATION, after,
                    device=own.device, issued_s=OPENING_S, key=self.center.paper.keys[Role.MAIL],
                )
            )  # fmt: skip
            after = items[-1].head
        told = ExchangeAnswer(
            version=VERSION, device=own.device, nonce=asked.nonce, epoch=1, statement=statement, held=asked.base,
            head=asked.base_prev, mail=tuple(item.message for item in items), mail_last=mail, now_s=OPENING_S,
        )  # fmt: skip
        message = cose.sign(told.to_cbor(), self.center.paper.keys[Role.MAIL], context=ANSWER_CONTEXT)
        place = Place(Way.ANSWER, own.device, 1)
        public = own.credential.exchange_public
        stick.write(self.stick, place, carried.seal((message,), place, public, ephemeral=b"\x09" * 32))
        return self.stick / place.name


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_an_export_says_what_to_take_where(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.run("export") == 0
    assert capsys.readouterr().out == (
        "S1001.Q01: questions of device 1001 with 2 entries, file 1 of 1, to take to the center\n"
    )
    (request,) = shop.questions()
    assert (request.device, request.base) == (1001, 0)
    assert [path.name for path in shop.stick.iterdir()] == ["S1001.Q01"]


def test_an_import_takes_the_answer_and_puts_what_is_still_to_be_told(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run("export")
    shop.answer(mail=2)
    capsys.readouterr()
    assert shop.run("import") == 0
    assert capsys.readouterr().out.splitlines() == [
        "S1001.A01: the center holds the entries before 0, 2 items of mail took effect",
        "S1001.Q01: questions of device 1001 with 4 entries, file 1 of 1, to take to the center",
    ]
    assert shop.questions()[-1].mail_number == 2


def test_the_same_answer_once_more_is_old_and_no_failure(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run("export")
    shop.answer(mail=1)
    shop.run("import")
    capsys.readouterr()
    assert shop.run("import") == 0
    assert "S1001.A01: nothing new: taken before, or overtaken" in capsys.readouterr().out


def test_a_file_that_is_no_good_is_named_and_is_a_failure(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run("export")
    path = shop.answer()
    whole = path.read_bytes()
    for data, words in (
        (whole[:-1], "S1001.A01: is not whole, or no such file: file"),
        (whole[:-1] + bytes((whole[-1] ^ 1,)), "S1001.A01: cannot be believed: file: cannot be opened"),
        (b"", "S1001.A01: is not whole, or no such file: file"),
    ):
        path.write_bytes(data)
        capsys.readouterr()
        assert shop.run("import") == 1
        assert capsys.readouterr().out.startswith(words)


def test_an_answer_that_somebody_else_signed_is_refused(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.run("export")
    place, own = Place(Way.ANSWER, 1001, 1), shop.identity
    forged = cose.sign(b"\xa0", shop.center.paper.keys[Role.POLICY], context=ANSWER_CONTEXT)
    data = carried.seal((forged,), place, own.credential.exchange_public, ephemeral=b"\x09" * 32)
    stick.write(shop.stick, place, data)
    capsys.readouterr()
    assert shop.run("import") == 1
    assert capsys.readouterr().out.startswith("S1001.A01: is refused: ")


def test_a_stick_without_an_answer_for_this_device_says_which_name_it_lacks(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop.stick / "S1002.A01").write_bytes(b"another device's")
    assert shop.run("import") == 1
    assert capsys.readouterr().err == (
        f"sofreh-till: {shop.stick}: holds no answer for device 1001 (S1001.A01)\n"
    )


@pytest.mark.parametrize("action", ["export", "import"])
def test_a_running_appliance_holds_the_journal(
    shop: Shop, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    with open_roles(shop.data, warn=print):
        assert shop.run(action) == 1
    assert capsys.readouterr().err == (
        "sofreh-till: the appliance is running and holds the journal: stop it first\n"
    )


@pytest.mark.parametrize("action", ["export", "import"])
def test_a_stick_that_is_not_there_is_named(
    shop: Shop, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    shop.stick.rmdir()
    assert shop.run(action) == 1
    assert f"{shop.stick}" in capsys.readouterr().err


def test_a_stick_that_can_only_be_read_gives_its_answer_and_says_the_rest(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(path: Path, data: bytes) -> None:
        raise OSError(30, "Read-only file system")

    shop.run("export")
    shop.answer(mail=1)
    monkeypatch.setattr(stick, "_write_durably", read_only)
    capsys.readouterr()
    assert shop.run("import") == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("S1001.A01: the center holds")
    assert second.endswith(
        f"nothing was put there for the way back: {shop.stick / 'S1001.Q01'}: Read-only file system"
    )


def test_a_device_of_a_center_without_an_encryption_key_is_told(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: TrustedKeys, *, what: str) -> bytes:
        raise NotDelegated(what, "the root has delegated no key for encryption")

    monkeypatch.setattr(TrustedKeys, "encryption_public", none)
    assert shop.run("export") == 1
    assert (
        "no key for encryption: this device was enrolled before its center had one" in capsys.readouterr().err
    )


def test_each_start_of_the_journal_is_journaled(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for entries in (2, 3):
        shop.run("export")
        assert f"with {entries} entries" in capsys.readouterr().out
