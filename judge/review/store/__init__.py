"""What waits for people, and what they decided: SQLite under SQLAlchemy. Knows no browser.

Start at `Store`. It gives and takes frozen records (`records`), never rows.
"""

from judge.review.store.data_folder import data_dir
from judge.review.store.records import (
    MOST_WORDS,
    Action,
    Breaks,
    Choices,
    DecidedItem,
    Decision,
    DecisionRow,
    Filters,
    GoldReads,
    Item,
    ItemCounts,
    ItemSummary,
    Kind,
    Lease,
    LogEntry,
    NamedQueue,
    Order,
    Preferences,
    Read,
    RecentDecision,
    ReviewSettings,
    SecondReads,
    Session,
    Source,
    State,
)
from judge.review.store.roles import Right, Role, may
from judge.review.store.store import Store

__all__ = [
    "MOST_WORDS",
    "Action",
    "Breaks",
    "Choices",
    "ItemCounts",
    "DecidedItem",
    "Decision",
    "DecisionRow",
    "Filters",
    "GoldReads",
    "Item",
    "ItemSummary",
    "Kind",
    "Lease",
    "LogEntry",
    "NamedQueue",
    "Order",
    "Preferences",
    "Read",
    "RecentDecision",
    "ReviewSettings",
    "Right",
    "Role",
    "SecondReads",
    "Session",
    "Source",
    "State",
    "Store",
    "data_dir",
    "may",
]
