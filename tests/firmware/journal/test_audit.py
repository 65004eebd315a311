"""Looking at a whole journal: whatever was changed in it is found and named, and projections can be made anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from firmware.errors import JournalCorrupt
from firmware.journal import audit, storage
from firmware.journal.schema import prepare
from sync.wire import mail
from sync.wire.entry import Draft, Entry, PrivatePart, seal
from sync.wire.facts import PinFailure
from sync.wire.kinds import MailKind, Verdict
from sync.wire.mail import AnnouncementNotice
from tests.fakes.paper_center import POLICY
from tests.fakes.selling import buy, buy_twice, purchase_draft
from tests.fakes.software_key import SoftwareKey
from tests.fakes.village_till import CENTER_TIME_S, VillageTill, change, projections
from tests.vectors import corpus, samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from firmware.identity import Identity
    from firmware.journal.audit import Audit
    from firmware.journal.journal import Journal

ENTRIES = 6
MAILS = 6


def ignore(_: int) -> None:
    pass


@pytest.fixture
def till(tmp_path: Path) -> VillageTill:
    """Enrolled, five items of mail, two purchases, a wrong PIN, one more item: entries 0 to 5."""
    till = VillageTill(tmp_path)

    async def story(journal: Journal) -> None:
        await buy_twice(journal, till.members)
        await journal.commit(
            journal.draft(PinFailure(failures=2), private=PrivatePart(household=3, card=90003))
        )
        await journal.acknowledge(3, now_s=CENTER_TIME_S + 9, epoch=2, statement=7)
        notice = AnnouncementNotice(tranche=22, cohorts=(1,))
        await journal.apply_mail(till.post(notice, MailKind.ANNOUNCEMENT))

    till.day(story)
    return till


def verify(till: VillageTill) -> Audit:
    return audit.verify(till.path, till.identity, ignore)


def test_a_whole_journal_is_proven_entry_by_entry(till: VillageTill) -> None:
    seen: list[int] = []
    found = audit.verify(till.path, till.identity, seen.append)
    assert (found.entries, found.mails) == (ENTRIES, MAILS)
    assert seen == list(range(ENTRIES))


def test_at_a_glance_it_tells_time_unsent_entries_and_power_cuts(till: VillageTill) -> None:
    before = till.path.read_bytes()
    seen = audit.glance(till.path, till.identity, till.clock)
    assert (seen.unsent, seen.link_is_down, seen.unclean_starts) == (ENTRIES - 3, False, 0)
    assert seen.now.not_before_s <= CENTER_TIME_S <= seen.now.not_after_s
    assert till.path.read_bytes() == before
    change(till.path, "UPDATE known SET value = 0 WHERE name = 'clean'")
    assert audit.glance(till.path, till.identity, till.clock).unclean_starts == 1


def test_a_journal_of_another_device_is_not_ours(till: VillageTill) -> None:
    other = till.center.enroll(SoftwareKey("other"), device=1002)
    with pytest.raises(JournalCorrupt, match="entry 0"):
        audit.verify(till.path, other, ignore)


def test_a_missing_file_is_named_and_not_made(till: VillageTill, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.db"
    with pytest.raises(JournalCorrupt, match=r"elsewhere\.db: is not there"):
        audit.verify(path, till.identity, ignore)
    assert not path.exists()


LOOKS: dict[str, Callable[[VillageTill], object]] = {
    "verify": verify,
    "export": lambda till: audit.export(till.path, till.identity, till.path.with_name("out"), ignore),
    "glance": lambda till: audit.glance(till.path, till.identity, till.clock),
    "policy": lambda till: audit.policy_of(till.path, till.identity),
}


@pytest.mark.parametrize("look", [*LOOKS.values(), lambda till: audit.rebuild(till.path, till.identity, ignore)], ids=[*LOOKS, "rebuild"])  # fmt: skip
def test_an_empty_file_is_no_journal_and_stays_empty(
    till: VillageTill, look: Callable[[VillageTill], object]
) -> None:
    before = lies_there(till)
    till.path.write_bytes(b"")
    with pytest.raises(JournalCorrupt, match=r"journal\.db: is empty"):
        look(till)
    assert lies_there(till) == before | {till.path.name: b""}


@pytest.mark.parametrize("command", ["verify", "rebuild", "export"])
def test_a_journal_without_any_entry_does_not_hold(tmp_path: Path, command: str) -> None:
    till = VillageTill(tmp_path)
    with closing(sqlite3.connect(till.path, isolation_level=None)) as sql:
        prepare(sql)
    before = lies_there(till)
    with pytest.raises(JournalCorrupt, match="journal: holds no entry"):
        {"rebuild": lambda till: audit.rebuild(till.path, till.identity, ignore), **LOOKS}[command](till)
    assert lies_there(till) == before


def lies_there(till: VillageTill) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in till.path.parent.iterdir() if path.is_file()}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("power_goes", [False, True])
def test_who_looks_leaves_every_file_as_it_was(
    till: VillageTill, look: Callable[[VillageTill], object], *, power_goes: bool
) -> None:
    cut: dict[str, bytes] = {}

    async def story(journal: Journal) -> None:
        await journal.commit(
            journal.draft(PinFailure(failures=3), private=PrivatePart(household=3, card=90003))
        )
        cut.update(lies_there(till))

    till.day(story)
    if power_goes:
        for name, data in cut.items():
            till.path.with_name(name).write_bytes(data)
        assert len(cut[f"{till.path.name}-wal"]) > 1_000, "a log is left, and in it what is proven"
    before = lies_there(till)
    look(till)
    after = lies_there(till)
    after.pop("out", None)
    assert after == before
    if look is verify:
        assert verify(till).entries == ENTRIES + 1


def test_a_file_that_is_no_database_is_said_so(till: VillageTill, tmp_path: Path) -> None:
    path = tmp_path / "garbage.db"
    path.write_bytes(b"bread and cheese" * 200)
    with pytest.raises(JournalCorrupt, match="database"):
        audit.verify(path, till.identity, ignore)


def test_a_journal_in_use_is_said_so(till: VillageTill) -> None:
    async def story(_: Journal) -> None:
        with pytest.raises(JournalCorrupt, match="another process has it open"):
            verify(till)

    till.day(story)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DELETE FROM entry WHERE sequence = 0", "entry 0: is missing"),
        ("DELETE FROM entry WHERE sequence = 3", "entry 3: is missing"),
        ("UPDATE entry SET sequence = 99 WHERE sequence = 3", "entry 3: is missing"),
        ("UPDATE entry SET lines = NULL WHERE sequence = 2", "entry 2"),
        ("UPDATE entry SET private = NULL WHERE sequence = 2", "entry 2"),
        ("DELETE FROM mail WHERE number = 1", "mail 1: is missing"),
        ("DELETE FROM mail WHERE number = 3", "mail 3: is missing"),
        ("DELETE FROM mail WHERE number = 6", "mail 6: is missing"),
        ("DELETE FROM mail", "mail 1: is missing"),
        ("INSERT INTO mail VALUES (99, x'00', x'00')", "mail 99: is not what was applied last"),
        ("UPDATE mail SET hash = zeroblob(32) WHERE number = 2", "mail 2: has another hash"),
        ("UPDATE mail SET message = zeroblob(90) WHERE number = 2", "mail 2"),
    ],
)
def test_what_is_missing_or_changed_is_named(till: VillageTill, statement: str, named: str) -> None:
    change(till.path, statement)
    with pytest.raises(JournalCorrupt) as caught:
        verify(till)
    assert str(caught.value).startswith(named)


def test_entries_that_changed_places_are_found(till: VillageTill) -> None:
    for statement in (
        "UPDATE entry SET sequence = -1 WHERE sequence = 2",
        "UPDATE entry SET sequence = 2 WHERE sequence = 3",
        "UPDATE entry SET sequence = 3 WHERE sequence = -1",
    ):
        change(till.path, statement)
    with pytest.raises(JournalCorrupt, match="entry 2: is not stored under its own hash and sequence"):
        verify(till)


def test_a_chain_that_was_signed_anew_in_the_middle_is_found(till: VillageTill) -> None:
    """Even the device's own key cannot replace one entry of its past."""
    with closing(sqlite3.connect(till.path, isolation_level=None)) as sql:
        old = storage.read_entry(sql, till.identity, 4)
        before = storage.read_entry(sql, till.identity, 3)
        assert old is not None
        assert before is not None
        draft = PinFailure(failures=0)
        new = seal(
            _redraft(draft, old), before.next_head, device=1001, key=SoftwareKey("till"),
            blinding_key=till.identity.blinding_key,
        )  # fmt: skip
        sql.execute("DELETE FROM entry WHERE sequence = 4")
        storage.write_entry(sql, new)
    with pytest.raises(JournalCorrupt, match="entry 5: does not continue the chain"):
        verify(till)


def _redraft(fact: PinFailure, old: Entry) -> Draft:
    return Draft(fact, old.time, old.boot, private=old.private)


def test_a_rebuild_makes_the_same_projections(till: VillageTill) -> None:
    before, seen = projections(till.path), list[int]()
    found = audit.rebuild(till.path, till.identity, seen.append)
    assert projections(till.path) == before
    assert (found, seen) == (verify(till), list(range(ENTRIES)))


def test_a_rebuild_mends_what_was_tampered_with(till: VillageTill) -> None:
    before = projections(till.path)
    for statement in (
        "UPDATE allowance SET left_rial = amount_rial",
        "UPDATE household SET pin_failures = 0",
        "DELETE FROM purchase",
        "DELETE FROM known WHERE name = 'policy'",
        "INSERT INTO release VALUES (23, 1)",
    ):
        change(till.path, statement)
    audit.rebuild(till.path, till.identity, ignore)
    assert projections(till.path) == before


def test_a_rebuild_forgets_nothing_that_the_center_told(till: VillageTill) -> None:
    audit.rebuild(till.path, till.identity, ignore)

    async def story(journal: Journal) -> None:
        assert (journal.acknowledged, journal.epoch, journal.statement) == (3, 2, 7)
        assert journal.policy_confirmed_s == CENTER_TIME_S + 9
        assert journal.device_use.purchases == 1
        assert journal.was_clean

    till.day(story)


def test_a_rebuild_that_fails_leaves_the_old_projections(till: VillageTill) -> None:
    before = projections(till.path)
    change(till.path, "UPDATE mail SET message = zeroblob(90) WHERE number = 2")
    with pytest.raises(JournalCorrupt, match="mail 2"):
        audit.rebuild(till.path, till.identity, ignore)
    assert projections(till.path) == before


@pytest.mark.parametrize("number", [5, 6])
def test_a_rebuild_does_not_go_on_without_mail_that_an_entry_names(till: VillageTill, number: int) -> None:
    change(till.path, "DELETE FROM mail WHERE number = ?", number)
    with pytest.raises(JournalCorrupt, match=f"mail {number}: is missing"):
        audit.rebuild(till.path, till.identity, ignore)


def test_the_policy_in_force_can_be_read_from_outside(till: VillageTill) -> None:
    assert audit.policy_of(till.path, till.identity) == POLICY
    change(till.path, "DELETE FROM known WHERE name = 'policy'")
    assert audit.policy_of(till.path, till.identity) is None


@pytest.mark.parametrize("command", [audit.verify, audit.rebuild])
def test_entries_that_contradict_each_other_are_named(
    command: Callable[[Path, Identity, audit.Progress], Audit], till: VillageTill
) -> None:
    """Two purchases that each spend the same rial: signed and chained, but not possible."""

    async def story(journal: Journal) -> None:
        draft = await purchase_draft(journal, till.members[0], 1_050_000)
        await journal.commit(draft)
        again = seal(
            draft, journal.head, device=1001, key=SoftwareKey("till"), blinding_key=till.identity.blinding_key
        )
        await journal._run(storage.write_entry, again)

    till.day(story)
    before = projections(till.path)
    with pytest.raises(JournalCorrupt, match=f"entry {ENTRIES + 1}: allowance"):
        command(till.path, till.identity, ignore)
    assert projections(till.path) == before


@pytest.mark.parametrize(
    ("table", "tamper"),
    [
        ("allowance", "UPDATE allowance SET left_rial = left_rial - 1"),
        ("household", "UPDATE household SET pin_failures = 2 WHERE number = 1"),
        ("purchase", "DELETE FROM purchase"),
        ("release", "INSERT INTO release VALUES (99, 1)"),
    ],
)
def test_a_changed_projection_is_named_and_left_for_a_rebuild(
    till: VillageTill, table: str, tamper: str
) -> None:
    with closing(sqlite3.connect(till.path, isolation_level=None)) as sql:
        sql.execute(tamper)
    with pytest.raises(JournalCorrupt, match=f"table {table}"):
        audit.verify(till.path, till.identity, lambda _: None)
    audit.rebuild(till.path, till.identity, lambda _: None)
    audit.verify(till.path, till.identity, lambda _: None)


@pytest.mark.parametrize("row", corpus.read_manifest()["files"], ids=lambda row: row["file"])
def test_a_file_of_the_corpus_is_found_as_its_manifest_says(row: dict[str, str]) -> None:
    outcome = audit.verify_file(corpus.FOLDER / row["file"], samples.TRUSTED)
    assert (outcome.finding, outcome.where) == (row["expected"], row["where"])


def test_a_rebuild_keeps_what_paper_told_and_makes_the_notices_anew(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        entry = await buy(journal, till.members[0], 1_000_000)
        refused = mail.EntryVerdict(sequence=entry.sequence, verdict=Verdict.LATE)
        verdicts = mail.Verdicts(first=0, last=entry.sequence, exceptions=(refused,))
        await journal.apply_mail(till.post(verdicts, MailKind.VERDICTS))
        telling = await journal.begin_telling()
        assert telling is not None
        await journal.end_telling(telling)
        body = mail.Settlement(number=1, day_s=0, purchases=1, amount_rial=1, last=1, pay_by_s=1)
        await journal.apply_mail(till.post(body, MailKind.SETTLEMENT))

    till.day(story)
    audit.verify(till.path, till.identity, ignore)
    change(till.path, "DELETE FROM notice WHERE urgent")
    with pytest.raises(JournalCorrupt, match="table notice"):
        audit.verify(till.path, till.identity, ignore)
    audit.rebuild(till.path, till.identity, ignore)
    audit.verify(till.path, till.identity, ignore)

    async def after(journal: Journal) -> None:
        untold = await journal.untold()
        assert untold is not None
        assert untold.last == untold.after + 1, "only the settlement is left to tell"
        assert (await journal.news(None)).refused_count == 1

    till.day(after)
