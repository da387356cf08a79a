"""The workbench without a page: drafts, versions, saving, moved thresholds."""

from __future__ import annotations

import random
import threading

import pytest

from judge.diff.effects import Effect
from judge.errors import UserError
from judge.judging.replay import Knob
from judge.review.access.logins import add_user
from judge.review.store import DecidedItem, Filters, Role, Store
from judge.review.workbench import saving
from judge.review.workbench.draft import chains, read
from judge.review.workbench.library import Library, Ref
from judge.review.workbench.replay import Setting, curve, replayed
from judge.verdict import Branch
from tests.review.shelf import samples

DEMO = Ref(origin="shipped", name="demo")
SHORT = """\
constitution: house
version: 1.0.0
rules:
  - id: fire
    rule: No picture may show a burning house.
    preconditions: [a house is visible, fire is visible]
    exceptions: [the picture is a movie poster]
"""


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def library(store):
    return Library(store.folder)


def saved(library, store, text, line="A reason", by="local"):
    proposal = saving.propose(library, store, read(text), line, by)
    return saving.save(library, store, read(text), line, by, proposal.token)


# Names


@pytest.mark.parametrize(
    "text",
    [
        "saved:../../etc@1.0.0", "saved:demo@../../../secret", "saved:demo@1.0.0/../../x", "shipped:../pyproject", "saved:@1.0.0",
        "saved:demo@", "saved:demo@1.0.0\n", "saved:Demo@1.0.0", "shipped:demo@1.0.0", "file:///etc/passwd", "", "saved:demo@1.0.0-x.lock",
    ],
)  # fmt: skip
def test_only_names_and_versions_become_paths(library, text):
    with pytest.raises(UserError, match="no constitution"):
        Ref.parse(text)


def test_a_reference_made_up_elsewhere_reaches_nothing(library, store):
    (store.folder / "secret.yaml").write_text("constitution: secret")
    for ref in (
        Ref(origin="saved", name="..", version="secret"),
        Ref(origin="saved", name="a/../..", version="1.0.0"),
        Ref(origin="shipped", name="../README"),
        Ref(origin="saved", name="demo", version="../../secret"),
    ):
        with pytest.raises(UserError):
            library.text(ref)


def test_links_out_of_the_data_folder_are_not_followed(library, store, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "1.0.0.yaml").write_text(SHORT)
    library.folder.mkdir()
    (library.folder / "house").symlink_to(outside)
    (library.folder / "other").mkdir()
    (library.folder / "other" / "1.0.0.yaml").symlink_to(outside / "1.0.0.yaml")
    assert all(ref.origin == "shipped" for ref in library.refs())
    for name in ("house", "other"):
        with pytest.raises(UserError, match="there is no constitution"):
            library.text(Ref(origin="saved", name=name, version="1.0.0"))
    with pytest.raises(UserError, match="leads out of the data folder"):
        saved(library, store, SHORT.replace("1.0.0", "2.0.0"))
    assert [one.name for one in outside.iterdir()] == ["1.0.0.yaml"]


def test_versions_stand_newest_first(library):
    folder = library.folder / "house"
    folder.mkdir(parents=True)
    for version in ("1.2.0", "1.10.0", "2.0.0-rc.1", "2.0.0", "not-one", "1.2.0.lock"):
        (folder / f"{version}.yaml").write_text(SHORT)
    assert [ref.version for ref in library.versions("house")] == ["2.0.0", "2.0.0-rc.1", "1.10.0", "1.2.0"]
    assert library.latest("house").version == "2.0.0"
    assert library.latest("demo") == DEMO
    assert library.latest("unheard-of") is None


# Drafts


def test_half_typed_text_is_never_too_much(library):
    text = library.text(DEMO)
    rng = random.Random(3)
    cuts = [0, 1, len(text), *(rng.randrange(len(text)) for _ in range(40))]
    for cut in cuts:
        draft = read(text[:cut])
        assert (draft.written is None) == any(one.check.name == "invalid-constitution" for one in draft.findings)
    for junk in ("\t", "[" * 500, "a: &a [*a]", "\x00", "rules: 3", "- - -", "\u2028", "{" * 80 + "}" * 80):
        assert read(junk).findings[0].span.line >= 1


def test_a_mistake_has_its_line_and_a_hint():
    broken = SHORT.replace("exceptions:", "exeptions:")
    (found,) = [one for one in read(broken).told if one.check.name == "invalid-constitution"]
    assert (found.span.line, found.source.strip()) == (7, "exeptions: [the picture is a movie poster]")
    assert "exceptions" in found.hint


def test_chains_in_words_and_where_they_stand():
    text = SHORT.replace("[a house is visible, fire", "[{any: [a house is visible, a barn is visible]}, fire")
    (view,) = chains(read(text))
    words = "Flagged when: a house is visible or a barn is visible; and fire is visible; unless the picture is a movie poster."
    assert (view.said[0], view.line, view.by_grammar) == (words, 4, False)
    assert {one.flagged for one in view.pictures} == {True, False}


def test_rules_without_a_chain_are_read_by_the_grammar():
    text = "constitution: house\nversion: 1.0.0\nrules:\n  - id: a\n    rule: No weapon may be shown.\n  - id: b\n    rule: Be nice to each other always.\n"
    draft = read(text)
    first, second = chains(draft)
    assert first.by_grammar and first.chain.preconditions
    assert not second.chain.preconditions
    assert "goes to a person" in second.said[0] and not second.pictures
    assert draft.written.without_chain == ("a", "b")


# Saving


def test_a_new_version_is_a_new_file_a_changelog_and_a_line_of_the_log(library, store):
    text = "# kept comment\n" + library.text(DEMO).replace(
        "statement: fire is visible", "statement: flames are visible"
    )
    proposal = saving.propose(library, store, read(text), "Flames, not any fire", "local")
    assert (proposal.version, proposal.base) == ("1.1.0", "shipped:demo")
    shown = "\n".join(line for _, lines in proposal.diff for line in lines)
    for line in ("-version: 1.0.0", "+version: 1.1.0", "+# kept comment", "+- Flames, not any fire"):
        assert line in shown.splitlines()
    assert not library.folder.exists(), "a proposal writes nothing"

    ref, entry = saving.save(library, store, read(text), "Flames, not any fire", "local", proposal.token)
    assert str(ref) == "saved:demo@1.1.0"
    assert library.text(ref) == text.replace("version: 1.0.0", "version: 1.1.0")
    assert "- Flames, not any fire" in (library.folder / "demo" / "CHANGELOG.md").read_text()
    assert (entry.kind, entry.reason, entry.extra["version"]) == ("constitution_saved", "Flames, not any fire", "1.1.0")
    assert entry.extra["digest"] == read(library.text(ref)).whole().digest
    assert store.log(last=1)[0] == entry

    again = library.text(ref).replace("statement: flames are visible", "statement: fire is visible")
    second, _ = saved(library, store, again, "Back to any fire")
    assert second.version == "1.2.0"
    assert library.text(ref) == text.replace("version: 1.0.0", "version: 1.1.0"), "the older version stays"
    lines = (library.folder / "demo" / "CHANGELOG.md").read_text()
    assert lines.index("1.2.0") < lines.index("1.1.0")


@pytest.mark.parametrize(
    ("change", "version"),
    [
        (("a house is visible", "a barn is visible"), "1.1.0"),
        (("rule: No picture", "severity: high\n    rule: No picture"), "1.1.0"),
        (("constitution: house", "# why\nconstitution: house"), "1.0.1"),
        (("id: fire", "id: blaze"), "2.0.0"),
        (("version: 1.0.0", "version: 3.1.4"), None),
        (("version: 1.0.0\nrules", "version: 1.5.0\ndescription: Of houses\nrules"), "1.5.0"),
    ],
)
def test_the_version_says_what_kind_of_change_it_is(library, store, change, version):
    saved(library, store, SHORT)
    if version is None:
        with pytest.raises(UserError, match="nothing but the version changed"):
            saving.propose(library, store, read(SHORT.replace(*change)), "Why", "local")
    else:
        assert saving.propose(library, store, read(SHORT.replace(*change)), "Why", "local").version == version


def test_what_may_flip_a_verdict_is_at_least_minor(library, store):
    saved(library, store, SHORT)
    proposal = saving.propose(
        library, store, read(SHORT.replace("fire is visible]", "smoke is visible]")), "Why", "local"
    )
    assert proposal.policy.effect is not Effect.NONE
    early = SHORT.replace("version: 1.0.0", "version: 1.0.7").replace("fire is visible]", "smoke is visible]")
    assert saving.propose(library, store, read(early), "Why", "local").version == "1.1.0", "a patch would not do"


@pytest.mark.parametrize("line", ['version: "1.0.0"  # quoted', "version: '1.0.0'", "version:   1.0.0 # spaced"])
def test_the_version_line_keeps_its_comment(line):
    changed = saving.with_version(SHORT.replace("version: 1.0.0", line), "1.2.3")
    assert read(changed).written.version == "1.2.3"
    assert ("#" in changed) == ("#" in line)


def test_saving_is_refused(library, store):
    with pytest.raises(UserError, match="does not load"):
        saving.propose(library, store, read("constitution: x"), "Why", "local")
    with pytest.raises(UserError, match="a line for its changelog"):
        saving.propose(library, store, read(SHORT), "  ", "local")
    with pytest.raises(UserError, match="something changed since"):
        saving.save(library, store, read(SHORT), "Why", "local", "0" * 64)
    saved(library, store, SHORT)
    with pytest.raises(UserError, match=r"nothing changed since house 1\.0\.0"):
        saving.propose(library, store, read(SHORT), "Why", "local")
    assert [one.kind for one in store.log()] == ["constitution_saved"]


def test_an_older_proposal_does_not_overwrite_a_newer_version(library, store):
    saved(library, store, SHORT)
    mine, theirs = SHORT.replace("a house", "a tent"), SHORT.replace("a house", "a shed")
    proposal = saving.propose(library, store, read(mine), "Tents", "local")
    ref, _ = saved(library, store, theirs, "Sheds")
    with pytest.raises(UserError, match="something changed since"):
        saving.save(library, store, read(mine), "Tents", "local", proposal.token)
    assert "a shed is visible" in library.text(ref)


def test_two_who_save_at_once_do_not_overwrite_each_other(library, store):
    saved(library, store, SHORT)
    texts = [SHORT.replace("a house", thing) for thing in ("a tent", "a shed")]
    tokens = [saving.propose(library, store, read(text), "Why", "local").token for text in texts]
    refused = []

    def save(text, token):
        try:
            saving.save(library, store, read(text), "Why", "local", token)
        except UserError as error:
            refused.append(error)

    threads = [threading.Thread(target=save, args=both) for both in zip(texts, tokens, strict=True)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(refused) == 1
    assert [ref.version for ref in library.versions("house")] == ["1.1.0", "1.0.0"]


def test_only_policy_and_admin_may_save(library, store):
    for name, role in (("ann", Role.ADMIN), ("pol", Role.POLICY), ("bob", Role.REVIEWER)):
        add_user(store, name, role, "correct horse", by="ann")
    token = saving.propose(library, store, read(SHORT), "Why", "pol").token
    for call in (
        lambda: saving.propose(library, store, read(SHORT), "Why", "bob"),
        lambda: saving.save(library, store, read(SHORT), "Why", "bob", token),
        lambda: saving.save(library, store, read(SHORT), "Why", "stranger", token),
    ):
        with pytest.raises(UserError, match=r"bob is a reviewer|no user"):
            call()
    assert library.versions("house") == ()
    _, entry = saving.save(library, store, read(SHORT), "Why", "pol", token)
    assert entry.who == "pol"


def test_chains_of_the_grammar_are_saved_beside(library, store):
    text = "constitution: house\nversion: 1.0.0\nrules:\n  - id: a\n    rule: No weapon may be shown.\n"
    ref, _ = saved(library, store, text)
    from judge.locks.loading import load_policy

    policy = load_policy(library.path(ref))
    loaded, lock = policy.constitution, policy.lock
    assert lock is not None
    assert loaded.without_chain == ()
    assert library.versions("house") == (ref,), "the lock file is no version"


# Moved thresholds


def decided():
    """What somebody who drew the samples would say of them."""
    found = []
    for number, verdict in enumerate(samples().values()):
        rule = max((one.rule for one in verdict.findings if verdict.image.startswith(one.rule)), key=len)
        violating = "-violating" in verdict.image
        found.append(
            DecidedItem(item=number, verdict=verdict, action="violation" if violating else "no_violation", rules=(rule,) if violating else ())
        )  # fmt: skip
    return found


def test_replay_of_the_recorded_thresholds_gives_the_recorded_outcomes():
    for verdict in samples().values():
        for finding in verdict.findings:
            for knob in Knob:
                value = getattr(finding.thresholds, knob)
                again = replayed(finding, verdict.provenance.thresholds, Setting(knob=knob, value=value))
                assert again.outcome == finding.outcome, (verdict.image, finding.rule, knob)


def test_the_recorded_point_is_what_the_judge_said():
    items = decided()
    found = curve(items, Knob.PRIOR_HOLDS)
    (now,) = [point for point in found.points if point.recorded]
    said = [(one.action == "violation", one.verdict.verdict == "violation") for one in items]
    counts = now.figures.counts
    assert now.moved == 0
    assert (now.value, found.items, found.versions) == (0.8, len(items), 1)
    assert (counts.true_positive, counts.false_positive) == (said.count((True, True)), said.count((False, True)))
    assert now.figures.precision.value == pytest.approx(
        counts.true_positive / (counts.true_positive + counts.false_positive)
    )
    assert now.figures.recall.value == pytest.approx(said.count((True, True)) / sum(one for one, _ in said))
    assert 0 <= now.figures.recall.low <= now.figures.recall.value <= now.figures.recall.high <= 1


def test_a_stricter_bound_sends_images_to_review():
    found = curve(decided(), Knob.PRIOR_HOLDS)
    loads = [point.figures.review.value for point in found.points]
    assert loads[-1] > 0.1, "at 1 no answer is high enough to hold by itself"
    assert loads == sorted(loads)
    assert found.points[-1].moved > 0
    assert found.points[found.now].recorded


def test_what_was_not_asked_stays_undecided():
    """A rule that was pruned has no answers: with relevance moved under its cosine it is open, not clean."""

    def unasked(finding):
        return all(each.branch is Branch.NOT_ASKED for one in finding.preconditions for each in one.alternatives)

    verdict, pruned = next(
        (one, found)
        for one in samples().values()
        for found in one.findings
        if one.verdict == "no_violation" and found.outcome == "pruned" and unasked(found)
    )
    run = verdict.provenance.thresholds
    lower = Setting(knob=Knob.RELEVANCE, value=-1.0)
    assert replayed(pruned, run, lower).outcome == "undecided"
    found = curve([DecidedItem(item=1, verdict=verdict, action="no_violation", rules=())], Knob.RELEVANCE)
    assert found.points[0].figures.counts.review_negative == 1


def test_one_rule_moves_alone_and_is_scored_by_what_people_ticked():
    items = [one for one in decided() if any(f.rule == "body-on-fire" for f in one.verdict.findings)]
    found = curve(items, Knob.PRIOR_HOLDS, "body-on-fire")
    counts = next(point for point in found.points if point.recorded).figures.counts
    ticked = [("body-on-fire" in one.rules, "body-on-fire" in one.verdict.violations) for one in items]
    assert counts.true_positive == ticked.count((True, True)) > 0
    assert counts.false_negative == ticked.count((True, False))
    other = next(f for f in items[0].verdict.findings if f.rule != "body-on-fire" and f.outcome == "not_violated")
    moved = Setting(knob=Knob.PRIOR_HOLDS, value=1.0, rule="body-on-fire")
    assert replayed(other, items[0].verdict.provenance.thresholds, moved) is other


def test_a_rules_own_threshold_is_left_alone_when_all_are_moved():
    verdict = next(one for one in samples().values() if "body-on-fire" in one.violations)
    finding = next(one for one in verdict.findings if one.rule == "body-on-fire")
    run = verdict.provenance.thresholds
    everywhere = Setting(knob=Knob.PRIOR_HOLDS, value=1.0)
    assert replayed(finding, run, everywhere).outcome != "violated"
    own = finding.model_copy(update={"thresholds": finding.thresholds.model_copy(update={"prior_holds": 0.7})})
    assert replayed(own, run, everywhere).outcome == "violated"


def test_nothing_decided_is_an_empty_curve():
    found = curve([], Knob.PRIOR_HOLDS)
    assert (found.items, found.versions, found.now) == (0, 0, 0)
    assert all(point.figures.precision.value is None for point in found.points)


def test_decided_items_come_newest_first(store):
    from judge.review.store import Decision

    ids = [store.add(samples()[name], None, "batch") for name in list(samples())[:3]]
    for item in (ids[1], ids[0], ids[2]):
        store.take(item, "ann")
        store.decide(item, "ann", Decision(action="no_violation", reason="Fine."))
    done = {one.id for one in store.list(Filters(state="decided"))}  # some are drawn for a second read
    newest = [item for item in (ids[2], ids[0], ids[1]) if item in done]
    assert [one.item for one in store.decided(newest=2)] == newest[:2]
