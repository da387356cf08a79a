"""What people choose for themselves on the queue: which keys may be chosen, and that the store keeps them."""

from __future__ import annotations

import json

import pytest

from judge.errors import UserError
from judge.review.audit import audit
from judge.review.queue.desk import Desk
from judge.review.queue.keys import DEFAULTS, changed
from judge.review.store import Role, Store
from judge.review.ui.context import Context, Person
from judge.serving.judges import Judges
from judge.settings import Settings

NONE = {"keys": {}, "grey": False, "blur": 0, "break_minutes": None, "break_items": None}


def test_only_what_differs_is_kept():
    assert changed({"violation": ";", "skip": DEFAULTS["skip"]}) == {"violation": ";"}
    assert changed({"violation": "n", "no_violation": "v"}) == {"violation": "n", "no_violation": "v"}
    assert len(set(DEFAULTS.values())) == len(DEFAULTS), "no two actions have the same key"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"violation": "n"}, "'n' is taken: no violation: asks why"),
        ({"violation": "5"}, "'5' cannot be chosen"),
        ({"violation": "enter"}, "'enter' cannot be chosen"),
        ({"violation": " "}, "' ' cannot be chosen"),
        ({"violation": ""}, "'' cannot be chosen"),
        ({"explode": "x"}, "there is no key for 'explode'"),
    ],
)
def test_what_cannot_be_a_key_is_refused(chosen, said):
    with pytest.raises(UserError, match=said):
        changed(chosen)


def test_each_person_has_their_own_and_a_mistake_changes_nothing(tmp_path):
    with Store.open(tmp_path) as store:
        settings = Settings()
        desk = Desk(Context(store, settings, store.folder, False, Judges(settings)))

        def ask(name, **asked):
            return json.loads(desk.act({"serial": 1, **asked}, Person(name, Role.ADMIN), name))

        ask("ann", kind="prefer", preferences={"keys": {"skip": ";"}, "grey": True, "blur": 3})
        refused = ask("ann", kind="prefer", preferences={"keys": {"skip": "v"}, "grey": False, "blur": 0})
        assert "'v' is taken" in refused["toasts"][0]["text"]
        assert refused["preferences"] == {**NONE, "keys": {"skip": ";"}, "grey": True, "blur": 3}
        assert ask("ann", kind="start")["preferences"] == refused["preferences"]
        assert ask("bob", kind="start")["preferences"] == NONE
        assert ask("bob", kind="prefer", preferences={"blur": 5})["toasts"][0]["bad"]
        assert store.log() == (), "nothing hangs on them"
        assert audit(store).problems == ()
