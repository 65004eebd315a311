"""A credential that came by mail: the same device, shop and keys, a later end.

The journal keeps the mail; who we are follows from it at each start. One that does not hold changes nothing: paper then bears
the old one, which says by itself when it ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.wire import cose
from sync.wire.credential import CREDENTIAL_CONTEXT, Credential, SlimCredential, verify_slim
from sync.wire.errors import WireError
from sync.wire.kinds import Role

if TYPE_CHECKING:
    from firmware.identity import Identity
    from sync.wire.mail import Renewal


def renewed(identity: Identity, renewal: Renewal) -> Identity:
    """`identity` with the new credential, or as it was where that is not for it, or ends no later."""
    try:
        issuer = identity.trusted.key_of(renewal.credential, Role.CREDENTIAL, what="credential")
        payload = cose.verify(renewal.credential, issuer, context=CREDENTIAL_CONTEXT, what="credential")
        made = Credential.from_cbor(payload)
        slim = SlimCredential.from_cbor(renewal.slim)
        verify_slim(slim, identity.trusted)
    except WireError:
        return identity
    old = identity.credential
    same_keys = (made.device, made.shop, made.public, made.exchange_public) == (
        old.device,
        old.shop,
        old.public,
        old.exchange_public,
    )
    same_slim = (slim.device, slim.shop, slim.public, slim.until_s) == (
        made.device,
        made.shop,
        made.public,
        made.until_s,
    )
    if not (same_keys and same_slim and made.until_s > old.until_s):
        return identity
    return replace(identity, credential=made, slim=slim)
