"""Files that anybody carries to the center: each is taken, or named and harmless; the answers lie beside them."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from typing import TYPE_CHECKING

import pytest

from sync import stick
from sync.central.enrolling.laptop import Laptop
from sync.central.errors import Refused, Unknown, WrongInput
from sync.wire import carried, cose, mail
from sync.wire.carried import Place
from sync.wire.errors import OtherReader
from sync.wire.facts import Inquiry
from sync.wire.kinds import Role, Way
from tests.fakes.software_key import SoftwareKey
from tests.sync.central.device import Device
from tests.sync.central.stick_talk import answers, held, put, speak, taken, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "stick"
    made.mkdir()
    return made


# Taken


def test_questions_are_taken_and_the_answer_lies_beside_them(lab: Lab, folder: Path) -> None:
    before = lab.device.held
    speak(lab.device)
    put(lab, folder, lab.device.request())
    name = f"S{lab.device.number}"
    assert taken(lab, folder) == {
        f"{name}.Q01": ("taken", f"device {lab.device.number}: entries {before} to {before + 2} taken"),
        f"{name}.A01": (
            "written", f"for device {lab.device.number}: entries before {before + 3} are acknowledged, 1 items of mail"
        ),
    }  # fmt: skip
    (answer,) = answers(folder, lab.device)
    assert answer.held == before + 3 == held(lab)
    assert answer.head == lab.device.head.prev
    assert lab.said == ["reading S1001.Q01"]


def test_one_file_may_be_named_instead_of_its_folder_whatever_it_is_called(lab: Lab, folder: Path) -> None:
    speak(lab.device)
    path = put(lab, folder, lab.device.request())
    renamed = path.rename(folder / "from my phone.bin")
    fate, words = taken(lab, renamed)["from my phone.bin"]
    assert fate == "taken"
    assert words.endswith("(the file of S1001.Q01)")
    assert (folder / "S1001.A01").exists()


def test_many_questions_of_one_device_in_several_files_are_one_history(lab: Lab, folder: Path) -> None:
    device, before = lab.device, lab.device.held
    speak(device, 9)
    parts = [device.journal[before + at : before + at + 3] for at in (0, 3, 6)]
    put(lab, folder, device.request(parts[0]), device.request(parts[1]), number=1)
    put(lab, folder, device.request(parts[2]), number=2)
    fates = taken(lab, folder)
    assert fates["S1001.Q01"] == ("taken", f"device 1001: entries {before} to {before + 5} taken")
    assert fates["S1001.Q02"] == ("taken", f"device 1001: entries {before + 6} to {before + 8} taken")
    assert answers(folder, device)[-1].held == len(device.journal)


def test_many_devices_on_one_stick_each_get_their_own_answer(lab: Lab, folder: Path) -> None:
    other = lab.enroll(Device(seed=b"2"))
    speak(lab.device)
    put(lab, folder, lab.device.request())
    put(lab, folder, other.request(), device=other)
    assert {name: fate for name, (fate, _) in taken(lab, folder).items()} == {
        "S1001.Q01": "taken", "S1001.A01": "written", "S1002.Q01": "taken", "S1002.A01": "written",
    }  # fmt: skip
    assert answers(folder, other)[0].device == other.number
    assert answers(folder, lab.device)[0].device == lab.device.number


def test_a_device_s_answer_opens_for_nobody_else(lab: Lab, folder: Path) -> None:
    put(lab, folder, lab.device.request([]))
    taken(lab, folder)
    with pytest.raises(OtherReader):
        carried.open_file(stick.read(folder / "S1001.A01"), SoftwareKey("curious"), way=Way.ANSWER)


def test_all_mail_that_waits_comes_however_many_answers_that_takes(
    lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lab.enroll(Device(seed=b"2"))
    lab.order("allot")
    monkeypatch.setattr("sync.central.mailbox.ANSWER_MAIL_MAX", 2)
    put(lab, folder, other.request([]), device=other)
    words = taken(lab, folder)["S1002.A01"][1]
    pages = answers(folder, other)
    assert [len(page.mail) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert len(pages) > 2
    assert sum(len(page.mail) for page in pages) == pages[-1].mail_last
    assert words.endswith(f"{pages[-1].mail_last} items of mail")
    for page in pages:
        for message in page.mail:
            assert other.trusted is not None
            other.inbox.append(mail.reopen(message, other.mail_head, other.trusted, device=other.number))
    statements = [page.statement for page in pages]
    assert statements == sorted(set(statements))


def test_more_mail_than_a_file_takes_lies_in_several_and_older_ones_go(
    lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lab.enroll(Device(seed=b"2"))
    monkeypatch.setattr("sync.central.mailbox.ANSWER_MAIL_MAX", 1)
    monkeypatch.setattr("sync.wire.carried.MESSAGES_MAX", 2)
    put(lab, folder, other.request([]), device=other)
    taken(lab, folder)
    files = stick.listed(folder, Way.ANSWER)
    assert [place.number for place, _ in files] == list(range(1, len(files) + 1))
    assert len(files) > 1
    last = answers(folder, other)[-1]
    monkeypatch.undo()
    for page in answers(folder, other):
        other.take_answer(cose.sign(page.to_cbor(), lab.center.keys.signing[Role.MAIL], context="sofreh/exchange-answer/1"), journal_mail=False)  # fmt: skip
    assert other.mail_head.number == last.mail_last
    put(lab, folder, other.request(), device=other)
    taken(lab, folder)
    assert [place.number for place, _ in stick.listed(folder, Way.ANSWER)] == [1]


def test_more_mail_than_all_file_names_stops_there_and_goes_on_with_the_next_stick(
    lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = lab.enroll(Device(seed=b"2"))
    for name, value in (
        ("sync.central.mailbox.ANSWER_MAIL_MAX", 1),
        ("sync.wire.carried.MESSAGES_MAX", 1),
        ("sync.central.chains.courier.NUMBER_MAX", 2),
    ):
        monkeypatch.setattr(name, value)
    put(lab, folder, other.request([]), device=other)
    taken(lab, folder)
    assert [place.number for place, _ in stick.listed(folder, Way.ANSWER)] == [1, 2]
    assert answers(folder, other)[-1].mail_last > 2


def test_mail_goes_along_without_a_question(lab: Lab, folder: Path) -> None:
    assert told(lab.order("export", path=str(folder), devices=[])) == {
        str(folder): ("old", "no device has mail waiting: nothing to write")
    }
    assert list(folder.iterdir()) == []
    other = lab.enroll(Device(seed=b"2"))
    fates = told(lab.order("export", path=str(folder), devices=[]))
    assert list(fates) == ["S1002.A01"]
    (answer,) = answers(folder, other)
    assert (answer.held, answer.nonce) == (0, bytes(16))
    assert len(answer.mail) == answer.mail_last > 0


def test_mail_may_go_to_one_device_by_its_number(lab: Lab, folder: Path) -> None:
    lab.enroll(Device(seed=b"2"))
    told(lab.order("export", path=str(folder), devices=[lab.device.number]))
    (answer,) = answers(folder, lab.device)
    assert (answer.held, answer.mail) == (len(lab.device.journal), ())
    with pytest.raises(Unknown):
        lab.order("export", path=str(folder), devices=[7])


def test_a_number_that_a_technician_carries_gets_its_mail_from_her(
    lab: Lab, folder: Path, tmp_path: Path
) -> None:
    laptop = Laptop(tmp_path / "laptop", chance=secrets.token_bytes)
    lab.order(
        "mandate", shops=[6001], laptop=laptop.text, url="https://center.example", file=str(tmp_path / "trip.mandates"),
        devices=1, days=3, credential_days=60, technician=None, replaces=None, network=None,
    )  # fmt: skip
    number = lab.sql("SELECT MAX(number) AS n FROM device")[0]["n"]
    assert number != lab.device.number
    told(lab.order("export", path=str(folder), devices=[]))
    assert not stick.listed(folder, Way.ANSWER, device=number)
    with pytest.raises(Refused, match=f"device {number} has not been introduced yet"):
        lab.order("export", path=str(folder), devices=[number])


# Harmless


def test_a_file_that_comes_twice_is_old_news(lab: Lab, folder: Path) -> None:
    speak(lab.device)
    put(lab, folder, lab.device.request())
    taken(lab, folder)
    shutil.copy(folder / "S1001.Q01", folder / "S1001.Q02")
    fates = taken(lab, folder)
    for name, end in (("S1001.Q01", ""), ("S1001.Q02", " (the file of S1001.Q01)")):
        assert fates[name] == ("old", f"device 1001: nothing new, all of it was here before{end}")
    assert lab.report()["verdicts"] == {"accepted": len(lab.device.journal)}


def test_what_went_by_line_meanwhile_is_old_news(lab: Lab, folder: Path) -> None:
    speak(lab.device)
    put(lab, folder, lab.device.request())
    lab.exchange()
    assert taken(lab, folder)["S1001.Q01"][0] == "old"


def test_a_file_before_its_time_says_what_must_come_first_and_is_good_afterwards(
    lab: Lab, folder: Path
) -> None:
    device, before = lab.device, lab.device.held
    speak(device, 6)
    first, second = device.journal[before : before + 3], device.journal[before + 3 :]
    put(lab, folder, device.request(second), number=2)
    assert taken(lab, folder)["S1001.Q02"] == (
        "early", f"device 1001: entry {before} must come first; bring its other files"
    )  # fmt: skip
    assert held(lab) == before
    put(lab, folder, device.request(first), number=1)
    fates = taken(lab, folder)
    assert (fates["S1001.Q01"][0], fates["S1001.Q02"][0]) == ("taken", "taken")
    assert held(lab) == before + 6


def test_swapped_names_are_said_and_change_nothing(lab: Lab, folder: Path) -> None:
    other = lab.enroll(Device(seed=b"2"))
    speak(lab.device)
    one = put(lab, folder, lab.device.request())
    two = put(lab, folder, other.request(), device=other)
    one.rename(folder / "x")
    two.rename(one)
    (folder / "x").rename(two)
    fates = taken(lab, folder)
    assert fates["S1001.Q01"][1].endswith("taken (the file of S1002.Q01)")
    assert fates["S1002.Q01"][1].endswith("taken (the file of S1001.Q01)")
    assert held(lab, other) == 1
    assert held(lab) == len(lab.device.journal)


def test_a_file_that_is_cut_anywhere_is_named_and_the_others_go_on(lab: Lab, folder: Path) -> None:
    speak(lab.device)
    whole = put(lab, folder, lab.device.request(), number=2).read_bytes()
    for length in [*range(120), len(whole) // 2, len(whole) - 1]:
        (folder / "S1001.Q01").write_bytes(whole[:length])
        fate, words = taken(lab, folder)["S1001.Q01"]
        assert fate == "damaged"
        assert words.startswith("is not whole, or no such file: file")
    assert held(lab) == len(lab.device.journal)


def test_a_file_that_somebody_altered_is_named(lab: Lab, folder: Path) -> None:
    path = put(lab, folder, lab.device.request())
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert taken(lab, folder)["S1001.Q01"] == (
        "altered", "cannot be believed: file: cannot be opened: it is altered, or sealed to another key"
    )  # fmt: skip


def test_a_file_for_another_center_is_named(lab: Lab, folder: Path) -> None:
    place = Place(Way.QUESTION, 1001, 1)
    theirs = SoftwareKey("another center").exchange_public
    stick.write(folder, place, carried.seal((lab.device.request(),), place, theirs, ephemeral=b"\x01" * 32))
    assert taken(lab, folder)["S1001.Q01"] == (
        "foreign", "is sealed to another center's key: not for this center"
    )  # fmt: skip


def test_what_another_center_s_device_signed_is_refused(lab: Lab, folder: Path) -> None:
    stranger = lab.device.copy()
    stranger.seed = b"nobody"
    put(lab, folder, stranger.request([]))
    fate, words = taken(lab, folder)["S1001.Q01"]
    assert fate == "refused"
    assert "the request is signed by no enrolled device's key" in words


def test_anybody_may_seal_to_the_center_but_nothing_of_theirs_counts(lab: Lab, folder: Path) -> None:
    before = lab.report()["entries"]
    for number, inside in enumerate(((), (b"",), (b"\x80",), (bytes(1000),)), start=1):
        put(lab, folder, *inside, number=number)
    fates = taken(lab, folder)
    assert fates["S1001.Q01"] == ("damaged", "holds no question of device 1001")
    assert {fates[f"S1001.Q0{number}"][0] for number in (2, 3, 4)} == {"refused"}
    assert not list(folder.glob("*.A*"))
    assert lab.report()["entries"] == before


def test_a_question_of_one_device_in_the_file_of_another_is_its_own(lab: Lab, folder: Path) -> None:
    other = lab.enroll(Device(seed=b"2"))
    speak(lab.device)
    place = Place(Way.QUESTION, other.number, 1)
    public = lab.center.keys.encryption.exchange_public
    stick.write(folder, place, carried.seal((lab.device.request(),), place, public, ephemeral=b"\x01" * 32))
    fates = taken(lab, folder)
    assert fates["S1002.Q01"] == ("damaged", "holds no question of device 1002")
    assert held(lab) == len(lab.device.journal)
    assert answers(folder, lab.device)[0].held == held(lab)


def test_one_refused_entry_is_counted_and_stops_no_other(lab: Lab, folder: Path) -> None:
    device = lab.device
    speak(device, 1)
    device.say(Inquiry(), at_s=device.now_s + 10 * 86_400)
    speak(device, 1)
    put(lab, folder, device.request())
    fate, words = taken(lab, folder)["S1001.Q01"]
    assert fate == "taken"
    assert words.endswith(", 1 of them quarantined: see the report")


def test_a_pipe_or_a_link_is_not_waited_for(lab: Lab, folder: Path) -> None:
    (folder / "S1001.Q01").symlink_to("/dev/zero")
    fate, words = taken(lab, folder)["S1001.Q01"]
    assert fate == "unreadable"
    assert "S1001.Q01" in words


def test_an_empty_folder_or_none_is_an_error_with_its_name(lab: Lab, folder: Path) -> None:
    with pytest.raises(WrongInput, match="holds no question of a device"):
        lab.order("import", path=str(folder))
    with pytest.raises(WrongInput, match="nowhere: No such file or directory"):
        lab.order("import", path=str(folder / "nowhere"))


def test_a_stick_that_takes_no_answer_loses_no_entry(
    lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise stick.StickFailed("S1001.A01: No space left on device")

    speak(lab.device)
    put(lab, folder, lab.device.request())
    monkeypatch.setattr(stick, "write", full)
    fates = taken(lab, folder)
    assert fates["S1001.Q01"][0] == "taken"
    assert fates[str(folder)] == (
        "unwritten",
        "the answer to device 1001 could not be written, import again: S1001.A01: No space left on device",
    )
    monkeypatch.undo()
    assert taken(lab, folder)["S1001.A01"][0] == "written"
    assert answers(folder, lab.device)[0].held == len(lab.device.journal)


def test_two_imports_of_one_stick_at_once_take_each_entry_once(lab: Lab, folder: Path) -> None:
    speak(lab.device)
    put(lab, folder, lab.device.request())

    async def both() -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(2):
                tasks.create_task(lab._order("import", {"path": str(folder)}))

    lab.run(both())
    assert held(lab) == len(lab.device.journal)
    assert lab.report()["verdicts"] == {"accepted": len(lab.device.journal)}
