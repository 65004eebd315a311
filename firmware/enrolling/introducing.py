"""A till that was enrolled under a mandate introduces itself to a center that does not know it yet.

The technician reports too, but perhaps later, or never: his laptop may be lost. The introduction proves itself, and may come twice.
Once in a process: a center that still refuses has its reasons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware import identity
from firmware.enrolling.request import REQUEST_FILE
from sync.uplink.errors import Refused
from sync.wire.enrolling import enrolled
from sync.wire.enrolling.mandate import Introduction
from sync.wire.errors import WireError

if TYPE_CHECKING:
    from pathlib import Path

    from sync.uplink.ports import Post

PATH = "/introduce"
UNKNOWN_STATUS = 403
ANSWER_BYTES_MAX = 4096


class Introducing:
    """A carrier that introduces the till when its first question is refused; a `Post` of `sync.uplink.ports`."""

    def __init__(self, post: Post, introduction: bytes) -> None:
        self._post = post
        self._introduction: bytes | None = introduction

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        """See `Post`. Raises: UplinkError."""
        try:
            return await self._post.post(path, body, answer_bytes_max=answer_bytes_max)
        except Refused as error:
            introduction, self._introduction = self._introduction, None
            if error.status != UNKNOWN_STATUS or introduction is None:
                raise
        await self._post.post(PATH, introduction, answer_bytes_max=ANSWER_BYTES_MAX)
        return await self._post.post(path, body, answer_bytes_max=answer_bytes_max)

    def drop(self) -> None:
        """See `Post`."""
        self._post.drop()


def introducing(post: Post, folder: Path) -> Post:
    """`post`, with an introduction where what is kept in `folder` makes one."""
    try:
        answer = enrolled.unproven(identity.answer_kept(folder))
        request = (folder / REQUEST_FILE).read_bytes()
    except (OSError, WireError):
        return post
    if answer.mandate is None:
        return post
    made = Introduction(version=1, request=request, credential=answer.credential, mandate=answer.mandate)
    return Introducing(post, made.to_cbor())
