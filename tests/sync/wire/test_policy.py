"""Policy and approved product list: whole documents that come back, and the questions that are asked of them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sync.wire import catalog, policy
from sync.wire.errors import Malformed
from sync.wire.kinds import MailKind, Role
from sync.wire.mail import SignedDocument
from tests.vectors.samples import BODIES, CATALOG, POLICY, TRUSTED


def test_documents_come_back() -> None:
    assert policy.Policy.from_cbor(POLICY.to_cbor()) == POLICY
    assert catalog.Catalog.from_cbor(CATALOG.to_cbor()) == CATALOG


@pytest.mark.parametrize(
    ("kind", "context", "document"),
    [(MailKind.POLICY, policy.CONTEXT, POLICY), (MailKind.CATALOG, catalog.CONTEXT, CATALOG)],
)
def test_documents_in_mail_are_vouched_for_by_the_policy_key(
    kind: MailKind, context: str, document: policy.Policy | catalog.Catalog
) -> None:
    body = BODIES[kind]
    assert isinstance(body, SignedDocument)
    payload = TRUSTED.verify(body.message, Role.POLICY, context=context, what="document")
    assert type(document).from_cbor(payload) == document


def test_a_good_and_a_tranche_are_found_by_number() -> None:
    assert POLICY.good(2) is POLICY.goods[1]
    assert POLICY.good(3) is None
    assert POLICY.tranche(1, 2) is POLICY.tranches[1]
    assert POLICY.tranche(2, 1) is None


@pytest.mark.parametrize(
    ("decile", "supported", "cohort"),
    [
        (1, True, 1),
        (3, True, 1),
        (4, True, 2),
        (1, False, 2),
        (9, False, 2),
        (10, False, None),
        (10, True, None),
        (0, True, None),
    ],
)
def test_a_household_falls_into_the_first_cohort_that_takes_it(
    decile: int, supported: bool, cohort: int | None
) -> None:
    found = POLICY.cohort_of(decile=decile, supported=supported)
    assert (found and found.number) == cohort


def test_a_full_list_of_products_comes_back_and_one_more_is_refused() -> None:
    full = replace(CATALOG, products=CATALOG.products * catalog.PRODUCTS_MAX)
    assert catalog.Catalog.from_cbor(full.to_cbor(), bytes_max=8 << 20) == full
    with pytest.raises(AssertionError):
        replace(CATALOG, products=CATALOG.products * (catalog.PRODUCTS_MAX + 1)).to_cbor()


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        (8, -1, "minimum_own_rial"),
        (8, 10**14 + 1, "minimum_own_rial"),
        (12, 101, "usual_shop_percent"),
        (7, 2, "leftover"),
        (15, ["x" * 121], "contacts[0]"),
    ],
)
def test_a_policy_out_of_bounds_is_refused_and_the_field_named(field: int, value: object, where: str) -> None:
    with pytest.raises(Malformed) as raised:
        policy.Policy.from_value(POLICY.to_value() | {field: value})
    assert raised.value.where == f"Policy.{where}"
