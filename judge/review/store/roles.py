"""Who may do what. Knows no store and no password."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a user is. Each role may all that the one before it may."""

    REVIEWER = "reviewer"
    POLICY = "policy"
    ADMIN = "admin"


class Right(StrEnum):
    """What can be allowed or not."""

    DECIDE = "decide"  # open items and second reads
    REVEAL = "reveal"  # see an original while holding its lease
    DECIDE_ESCALATED = "decide_escalated"  # and decide anew what is decided
    EDIT_CONSTITUTIONS = "edit_constitutions"
    MARK_GOLD = "mark_gold"
    EXPORT = "export"
    REVEAL_ANY = "reveal_any"  # see an original without its lease
    MANAGE = "manage"  # users and settings


_REVIEWER = frozenset({Right.DECIDE, Right.REVEAL})
_POLICY = _REVIEWER | {Right.DECIDE_ESCALATED, Right.EDIT_CONSTITUTIONS, Right.MARK_GOLD, Right.EXPORT}
PERMISSIONS: dict[Role, frozenset[Right]] = {
    Role.REVIEWER: _REVIEWER,
    Role.POLICY: _POLICY,
    Role.ADMIN: _POLICY | {Right.REVEAL_ANY, Right.MANAGE},
}


def may(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in PERMISSIONS[role]
