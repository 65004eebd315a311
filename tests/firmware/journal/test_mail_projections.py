"""How mail moves what the till knows; what was used, revoked or counted here stays so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from firmware.journal import audit
from firmware.journal.writing import GIVEN_BACK_LEGS_MAX
from sync.wire import catalog, cose, mail
from sync.wire.document import changed_document
from sync.wire.entry import PrivatePart
from sync.wire.errors import HashDiffers, NotAuthentic
from sync.wire.facts import (
    AllowanceGivenBack,
    Announcement,
    CodeOutcome,
    GroupProof,
    PinFailure,
)
from sync.wire.kinds import MailKind, Role, Verdict
from sync.wire.proof import key_check
from tests.fakes.paper_center import FOREVER_S, MILK, POLICY
from tests.fakes.selling import buy
from tests.fakes.village_till import (
    CENTER_TIME_S,
    VillageTill,
    account_of,
    left_rial,
)

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.journal.journal import Journal


@pytest.fixture
def till(tmp_path: Path) -> VillageTill:
    return VillageTill(tmp_path)


# Recall


def test_a_recall_of_very_many_allowances_is_given_back_in_entries_that_can_be_read(
    till: VillageTill,
) -> None:
    many = 2 * GIVEN_BACK_LEGS_MAX + 1

    async def story(journal: Journal) -> None:
        given = tuple(till.center.allowance(1, 10**13, until_s=FOREVER_S) for _ in range(many))
        await journal.apply_mail(till.post(mail.Allowances(allowances=given), MailKind.ALLOWANCES))
        recalled = mail.Recall(allowances=tuple(allowance.number for allowance in given))
        applied = await journal.apply_mail(till.post(recalled, MailKind.RECALL))
        legs = []
        for sequence in range(applied.sequence + 1, journal.head.sequence):
            entry = await journal.entry(sequence)
            assert entry is not None
            assert isinstance(entry.fact, AllowanceGivenBack)
            legs.append(len(entry.fact.legs))
        assert legs == [GIVEN_BACK_LEGS_MAX, GIVEN_BACK_LEGS_MAX, 1]

    till.day(story)
    audit.verify(till.path, till.identity, lambda _: None)


def test_an_allowance_is_given_back_once_and_an_unknown_one_never(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        (allowance,) = (await account_of(journal, 1)).allowances
        recall = mail.Recall(allowances=(allowance.number, allowance.number, 999))
        first = await journal.apply_mail(till.post(recall, MailKind.RECALL))
        assert journal.head.sequence == first.sequence + 2
        second = await journal.apply_mail(till.post(recall, MailKind.RECALL))
        assert journal.head.sequence == second.sequence + 1

    till.day(story)


# Households


async def household_again(journal: Journal, till: VillageTill, **changes: object) -> None:
    told = replace(till.center.household(till.members[0], till.identity), **changes)
    await journal.apply_mail(till.post(mail.Households(households=(told,)), MailKind.HOUSEHOLDS))


async def wrong_pin(journal: Journal, failures: int) -> None:
    private = PrivatePart(household=1, card=90_001)
    await journal.commit(journal.draft(PinFailure(failures=failures), private=private))


def test_pin_failures_stay_while_the_cards_stay(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        await wrong_pin(journal, 3)
        await household_again(journal, till, cohort=2)
        account = await account_of(journal, 1)
        assert (account.pin_failures, account.cohort) == (3, 2)

    till.day(story)


def test_a_new_pin_clears_the_failures_and_replaces_the_old_one(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        await wrong_pin(journal, 3)
        renewed = mail.CardCheck(number=90_001, key_check=key_check(b"new"))
        await household_again(journal, till, cards=(renewed,))
        assert (await account_of(journal, 1)).pin_failures == 0
        card = await journal.card(90_001)
        assert card is not None
        assert card.key_check == renewed.key_check

    till.day(story)


def test_a_revoked_card_stays_revoked_and_clears_nothing(till: VillageTill) -> None:
    second = mail.CardCheck(number=91_001, key_check=key_check(b"second"))

    async def story(journal: Journal) -> None:
        await journal.apply_mail(till.post(mail.Revocation(cards=(90_001,)), MailKind.REVOCATION))
        await household_again(journal, till, cards=(second,))
        await wrong_pin(journal, 2)
        await household_again(journal, till, cards=(second,))
        assert (await account_of(journal, 1)).pin_failures == 2
        first = till.center.household(till.members[0], till.identity).cards[0]
        await household_again(journal, till, cards=(first, second))
        card = await journal.card(90_001)
        assert card is not None
        assert card.revoked
        assert (await account_of(journal, 1)).pin_failures == 2

    till.day(story)


def test_a_card_that_mail_no_longer_names_is_unknown(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        await household_again(journal, till, cards=())
        assert await journal.card(90_001) is None

    till.day(story)


def test_a_used_code_stays_used_and_new_ones_replace_the_others(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        codes = await journal.codes(1)
        await wrong_pin(journal, 3)
        private = PrivatePart(household=1, code="12345678", code_hash=codes.hashes[0])
        await journal.commit(journal.draft(CodeOutcome(right=True), private=private))
        assert (await account_of(journal, 1)).pin_failures == 0
        fresh = bytes(15) + b"\x01"
        await household_again(journal, till, code_hashes=(codes.hashes[0], fresh))
        assert (await journal.codes(1)).hashes == (fresh,)

    till.day(story)


def test_a_wrong_code_counts_against_no_household(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        before = await account_of(journal, 1)
        await journal.commit(journal.draft(CodeOutcome(right=False), private=PrivatePart(code="11111111")))
        assert await account_of(journal, 1) == before
        assert len((await journal.codes(1)).hashes) == 1

    till.day(story)


def test_a_household_is_found_by_its_tag_and_a_stranger_is_not(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        tag = till.center.household(till.members[0], till.identity).tag
        assert await journal.households_with_tag(tag) == (1, 2, 3)
        assert await journal.households_with_tag(tag ^ 1) == ()
        assert await journal.account(99) is None
        assert await journal.card(99) is None
        assert (await journal.codes(99)).hashes == ()

    till.day(story)


# Tranches, products, rules, verdicts


def test_an_announcement_opens_its_tranche_for_its_cohorts_and_takes_the_lock_away(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        waiting = till.center.allowance(1, 700, tranche=22, opens_at_s=None)
        lock, other = till.center.lock("1234567890128"), till.center.lock("1234567890128", cohort=2)
        await journal.apply_mail(
            (
                *till.post(mail.Allowances(allowances=(waiting,)), MailKind.ALLOWANCES),
                *till.post(mail.Locks(locks=(lock, other)), MailKind.LOCKS),
            )
        )
        assert set(await journal.closed_locks()) == {lock, other}
        released = {a.number: a.released for a in (await account_of(journal, 1)).allowances}
        assert not released[waiting.number]
        fact = Announcement(tranche=22, groups=(GroupProof(cohort=1, proof=bytes(16)),))
        await journal.commit(journal.draft(fact))
        assert await journal.closed_locks() == (other,)
        released = {a.number: a.released for a in (await account_of(journal, 1)).allowances}
        assert released[waiting.number]

    till.day(story)


def a_catalog(till: VillageTill, *products: catalog.Product) -> tuple[mail.Mail]:
    listed = catalog.Catalog(version=5, products=products)
    message = cose.sign(listed.to_cbor(), till.center.keys[Role.POLICY], context=catalog.CONTEXT)
    return till.post(mail.SignedDocument(message=message), MailKind.CATALOG)


def test_a_new_product_list_replaces_the_old_one(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        assert await journal.product(MILK.gtin) == MILK
        new = replace(MILK, gtin=6260000000038)
        await journal.apply_mail(a_catalog(till, new))
        assert (await journal.product(MILK.gtin), await journal.product(new.gtin)) == (None, new)
        assert journal.catalog_version == 5

    till.day(story)


@pytest.mark.parametrize("kind", [MailKind.POLICY, MailKind.CATALOG])
def test_a_document_may_come_as_what_changed(till: VillageTill, kind: MailKind) -> None:
    """Twice, and again when the projections are rebuilt."""

    def signed(version: int) -> bytes:
        if kind is MailKind.POLICY:
            payload, context = replace(POLICY, version=version).to_cbor(), "sofreh/policy/1"
        else:
            payload, context = catalog.Catalog(version=version, products=(MILK,)).to_cbor(), catalog.CONTEXT
        return cose.sign(payload, till.center.keys[Role.POLICY], context=context)

    async def story(journal: Journal) -> None:
        await journal.apply_mail(till.post(mail.SignedDocument(message=signed(7)), kind))
        for version in (8, 9):
            changed = changed_document(signed(version), signed(version - 1))
            assert changed.changes is not None
            await journal.apply_mail(till.post(changed, kind))
        assert journal.policy is not None
        assert 9 in {journal.policy.version, journal.catalog_version}
        assert await journal.product(MILK.gtin) == MILK

    till.day(story)
    audit.verify(till.path, till.identity, lambda _: None)


def test_changes_of_another_document_change_nothing(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        before = (journal.head, journal.mail_head)
        key = till.center.keys[Role.POLICY]
        lists = [
            cose.sign(
                catalog.Catalog(version=version, products=(MILK,)).to_cbor(), key, context=catalog.CONTEXT
            )
            for version in (7, 8)
        ]
        with pytest.raises(HashDiffers):
            await journal.apply_mail(till.post(changed_document(lists[1], lists[0]), MailKind.CATALOG))
        assert (journal.head, journal.mail_head) == before

    till.day(story)


def test_a_product_that_is_listed_twice_does_not_stop_the_till(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        renamed = replace(MILK, name="شیر")
        await journal.apply_mail(a_catalog(till, MILK, renamed))
        assert await journal.product(MILK.gtin) == renamed

    till.day(story)


@pytest.mark.parametrize("kind", [MailKind.POLICY, MailKind.CATALOG])
def test_a_document_that_the_policy_key_did_not_sign_changes_nothing(
    till: VillageTill, kind: MailKind
) -> None:
    async def story(journal: Journal) -> None:
        before = (journal.head, journal.mail_head)
        forged = cose.sign(
            replace(POLICY, minimum_own_rial=0).to_cbor(),
            till.center.keys[Role.MAIL],
            context="sofreh/policy/1",
        )
        with pytest.raises(NotAuthentic):
            await journal.apply_mail(till.post(mail.SignedDocument(message=forged), kind))
        assert (journal.head, journal.mail_head) == before
        assert journal.policy == POLICY

    till.day(story)


def test_mail_that_leaves_a_gap_is_a_programmer_s_error(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        till.post(mail.Recall(allowances=()), MailKind.RECALL)
        with pytest.raises(AssertionError, match="continues"):
            await journal.apply_mail(till.post(mail.Recall(allowances=()), MailKind.RECALL))

    till.day(story)


def test_a_settlement_notice_is_kept_and_moves_nothing(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        before = await left_rial(journal, 1)
        notice = mail.Settlement(
            number=1, day_s=CENTER_TIME_S, purchases=3, amount_rial=5, last=2, pay_by_s=CENTER_TIME_S
        )
        item = till.post(notice, MailKind.SETTLEMENT)
        await journal.apply_mail(item)
        assert journal.mail_head == item[0].head
        assert await left_rial(journal, 1) == before

    till.day(story)


def test_a_verdict_may_be_corrected_by_a_later_one(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        bought = await buy(journal, till.members[0], 1_050_000)
        held = mail.EntryVerdict(sequence=bought.sequence, verdict=Verdict.HELD)
        for exceptions, expected in (((held,), Verdict.HELD), ((), Verdict.ACCEPTED)):
            told = mail.Verdicts(first=0, last=bought.sequence, exceptions=exceptions)
            await journal.apply_mail(till.post(told, MailKind.VERDICTS))
            record = await journal.purchase(bought.sequence)
            assert record is not None
            assert record.verdict is expected

    till.day(story)
