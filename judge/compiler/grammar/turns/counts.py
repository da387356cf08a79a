"""Turns: Numbers, and how many of what there may be. Data (`words` says how they are written)."""

from __future__ import annotations

from judge.compiler.grammar.turns.words import Turn

COUNTS: tuple[Turn, ...] = (
    (
        r"(?:an?|every|each) (?P<s>[\w' -]+?) $MAY (?P<v>\w+) (?:no more than|at most) (?P<n>$NUMBER .+)",
        ("no <s> may <v> more than <n>",),
    ),
    (
        r"(?P<x>[\w' -]+?) $MUST (?P<gone>be visible|be shown|be displayed|be present) "
        r"(?P<p>$AT (?!.*\b(?:every|each|all|both)\b).+)",
        ("at least one <=x> must be <p>", "every <=x> must be <p>"),
        "there must be",
    ),
    (
        r"(?P<s>.+?) $MUST be at least (?P<n>$NUMBER (?:\w+ )?(?:metres?|meters?|cm|centimetres?|inches|feet|m) \w+)",
        ("<s> that are less than <n> must not be shown",),
    ),
    (r"(?P<s>.+?) $MUST have (?P<q>both|all) (?P<x>\w+) (?P<p>$AT .+)", ("<q> <x> of <s> must be <p>",)),
    (
        r"(?P<s>.+?) $MUST be shown with all (?:(?:its|their|the) )?(?P<x>[\w -]+?) "
        r"(?P<p>\w+(?:ed|en|shut|out|open|closed)(?: out)?)",
        ("all <x> of <s> must be <p>",),
    ),
    (
        r"(?P<s>.+?) $MUST be shown with (?:its|their) (?P<x>[\w -]+?) (?P<p>(?:$AT|to) .+)",
        ("the <x> of <s> must be <p>",),
    ),
    (
        r"(?P<s>.+?) $MUST be shown with (?:its|their) (?P<x>(?:(?!$AT\b|to\b)[\w-]+ ?)+)",
        ("<s> without <~x> must not be shown",),
    ),
    # quantities
    (r"not all (?P<x>[\w -]+?) may be (?P<p>.+)", ("= all <x> are <p>",)),
    (
        r"(?:at least )?(?P<q>half|$NUMBER percent) of (?P<x>[\w -]+?) $MUST be visible",
        ("= less than <q> of <x> is visible",),
    ),
    (
        r"more than (?P<q>half|$NUMBER percent) of (?P<x>[\w -]+?) $MUST be visible",
        ("= at most <q> of <x> is visible",),
    ),
    (r"(?P<x>(?:at least|exactly) $NUMBER [\w -]+?)(?: $MAY be $SHOWN)?", ("<x> must be visible",)),
    (
        r"(?P<a>(?:at most|no more than|only) $NUMBER) (?P<x>[\w-]+) or (?P<y>[\w-]+)(?P<b> $MAY .+)",
        ("<a> <x><b> // <a> <y><b>",),
        "counts",
    ),
    (
        r"(?P<a>[\w' -]+? $NOT .*?)(?P<n>$COUNT) (?P<x>[\w-]+) or (?P<y>(?!(?:an?|any|the|some|all|every|each) )[\w-]+)"
        r"(?P<b>.*)",
        ("<a><n> <x><b> // <a><n> <y><b>", "<a><n> <x><b> // <a><y><b>"),
        "counts",
    ),
    (r"(?P<gone>one) of the (?P<x>.+?) $MUST (?P<r>.+)", ("at least one <=x> must <r>",)),
    (
        r"(?:between )?(?P<n>$NUMBER) (?:or|to|and) (?P<m>$NUMBER) (?P<x>[\w -]+?) $MUST be (?P<v>$SHOWN)",
        ("at least <n> <n=x> must be <v> // at most <m> <m=x> may be <v>",),
    ),
    (r"a (?P<gone>minimum) of (?P<r>.+)", ("at least <r>",)),
    (r"(?P<a>.+? $MUST .+?) a (?P<gone>minimum) of (?P<r>.+)", ("<a> at least <r>",)),
    (r"$PHOTOS $MUST show (?P<gone>some|several|many|a few) (?P<x>.+)", ("*photos must show at least two <x>",)),
    (r"(?P<gone>half) (?:of )?the (?P<s>\w+s) $MUST (?P<r>.+)", ("*at least two <s> must <r>",)),
    (
        r"(?:no more than|at most|only) (?P<n>$NUMBER) (?P<x>[\w-]+) per (?P<y>[\w-]+) $MAY be $SHOWN",
        ("no <y> with more than <n> <x> may be shown",),
    ),
    (
        r"(?P<a>.+? $NOT $SHOW) (?P<n>more than $NUMBER) (?P<x>[\w-]+) per (?P<y>[\w-]+)",
        ("<a> <~y> with <n> <x>",),
    ),
    (
        r"(?:no more than|at most|only) (?P<n>$NUMBER) (?P<x>[\w-]+) $MAY be (?:on|in|at) (?:each|every) (?P<y>[\w-]+)",
        ("no <y> with more than <n> <x> may be shown",),
    ),
    (r"(?P<s>[\w-]+) (?P<m>$NOT be $SHOWN) (?P<gone>twice|more than once)", ("at most one <=s> may be shown",)),
    (r"(?:an? )?(?P<s>[\w -]+) $MUST be (?P<v>$SHOWN) only (?P<gone>once)", ("exactly one <s> must be <v>",)),
    (r"(?P<s>(?P<x>[\w-]+) $NOT be .+?) (?P<p>$AT) each other", ("<s> <p> other <x>",)),
    (r"(?P<a>.*\b$NUMBER\b.+?),? (?P<gone>at the same time|at a time|at once|simultaneously)", ("<a>",)),
    (r"the (?P<gone>two) (?P<x>.+? $MUST .+)", ("both <x>",)),
    (r"the (?P<n>$NUMBER) (?P<x>.+? $MUST .+)", ("all <n> <x>",)),
    (r"(?P<q>at most [\w{}]+ .+?) (?:must|should|shall) (?P<r>.+)", ("<q> may <r>",)),
    (
        r"(?:each|every) (?P<s>.+?) $MUST (?P<v>have|show|hold|carry|contain) at most (?P<x>.+)",
        ("no <s> may <v> more than <x>",),
    ),
    (
        r"(?P<s>.+?) $MUST (?P<v>have|show|hold|carry|contain|cover|fill) at most (?P<x>.+)",
        ("<s> must not <v> more than <x>",),
    ),
    (
        r"no more than (?P<n>[\w{}.]+ percent|[\w{}.]+ ?%) of (?P<x>.+?) $MAY be (?P<y>.+)",
        ("no <y> filling more than <n> of <x> may be shown",),
    ),
    (
        r"(?P<s>.+?) $MUST be (?P<p>(?:\w+er|more \w+|less \w+) than .+)",
        ("<s> that are not <p> must not be shown",),
    ),
    (
        r"at least (?:one|an?) (?P<x>[\w -]+) or (?P<y>[\w -]+) $MUST be (?P<p>.+)",
        ("when no <y> is <p>, at least one <x> must be <p>",),
    ),
    (
        r"an? (?P<x>[\w -]+) or an? (?P<y>[\w -]+) $MUST be (?:(?P<gone>placed|put|visible|shown|present) )?"
        r"(?P<p>beside|next to|near|under|below|above|behind|in front of|on|in|at) (?:every|each) (?P<z>[\w -]+)",
        ("= <~z> is visible ; <~z> is without a <x> and without a <y> <p> it",),
    ),
    (
        r"an? (?P<x>[\w -]+) or an? (?P<y>[\w -]+) $MUST be (?P<p>.+)",
        ("when no <y> is <p>, at least one <x> must be <p>", "every <x> and every <y> must be <p>"),
    ),
    (
        r"an? (?P<x>[\w -]+) or an? (?P<y>[\w -]+) $MUST (?P<v>lie|stand|hang|sit) (?P<p>$AT .+)",
        ("when no <y> is <^v> <p>, at least one <x> must <v> <p>",),
    ),
    (r"(?P<gone>some) (?P<s>.+?) $MUST (?P<r>(?!not\b|never\b).+)", ("at least one <=s> must <r>",)),
    (
        r"(?P<gone>several|a few|many|most(?: of the)?|half(?: of)? the) (?P<s>.+?) $MUST (?P<r>(?!not\b|never\b).+)",
        ("*at least two <s> must <r>",),
    ),
    (r"(?P<gone>all|every|each) (?P<s>.+?) $MUST (?:not|never) (?P<r>.+)", ("no <s> may <r>",)),
    (
        r"(?P<gone>both) (?P<s>.+?) $MUST (?:not|never) (?P<r>.+)",
        ("no <s> may <r>", "at most one <=s> may <r>"),
    ),
    (r"(?P<gone>all|every|each|both) (?P<s>.+?) (?P<m>is|are) not (?P<r>.+)", ("no <s> <m> <r>",)),
    (
        r"(?P<gone>some|many|several|a few|various|most) (?P<s>.+?) (?:must|may) (?:not|never) (?P<r>.+)",
        ("*no more than two <s> may <r>",),
    ),
    (r"no (?P<gone>some|many|several|few|various) (?P<s>.+)", ("*no more than two <s>",)),
    (r"(?P<gone>too) (?P<gone2>many) (?P<s>.+?) must not (?P<r>.+)", ("*no more than two <s> may <r>",)),
    # a number before a list
    (
        r"(?P<a>(?:no|$PHOTOS $NOT|never|nobody|do not)\b(?:(?!unless).)*?)(?P<q>more than|at least|fewer than) "
        r"(?P<n>$NUMBER) (?P<x>[\w-]+),? (?:or|and) (?P<r>more than|at least|fewer than)? ?(?P<m>$NUMBER) (?P<y>[\w-]+)"
        r"(?P<b>.*)",
        ("<a><q> <n> <x><b> // <a><r/q> <m> <y><b>",),
        "counts",
    ),
    (
        r"(?P<a>(?:no|$PHOTOS $NOT|never|nobody|do not)\b(?:(?!unless).)*?)(?P<n>$COUNT) (?P<x>[\w-]+),? (?:or|and) "
        r"(?P<y>(?!(?:an?|any|the|some|all|every|each) )[\w-]+)(?P<b>.*)",
        # so many in all is said by no rule: preconditions do
        ("<a><n> <x><b> // <a><n> <y><b>", "<a><n> <x><b> // <a><y><b>", "<a><n> <x> and <y> in all<b>"),
        "counts",
    ),
    (
        r"(?P<a>(?:no|$PHOTOS $NOT|never|nobody|do not)\b(?:(?!unless).)*?)(?P<n>$COUNT) (?P<x>[\w-]+),? or "
        r"(?P<y>(?:an?|any) (?:(?!$MODAL\b)[\w-]+ )?(?!$MODAL\b)[\w-]+)(?P<b>(?: .*)?)",
        ("<a><n> <x><b> // <a><y><b>",),
        "counts",
    ),
    (
        r"(?P<a>(?:at most|no more than|only) $NUMBER) (?P<x>[\w-]+) and (?P<y>[\w-]+)(?P<b> (?:$MAY|is|are) .+)",
        ("<a> <x><b> // <a> <y><b>", "<a> <x> and <y> in all<b>"),
        "counts",
    ),
    (
        r"(?P<a>.*?)(?P<n>$COUNT) (?P<x>[\w-]+) (?:or|and) (?P<y>[\w-]+)(?P<b> .*(?:$NOT|$BANNED|not $ALLOWED).*)",
        ("<a><n> <x><b> // <a><n> <y><b>", "<a><n> <x><b> // <a><y><b>"),
        "counts",
    ),
    (
        r"(?P<n>at least $NUMBER) (?P<x>[\w-]+) and (?P<y>(?:at least )?$NUMBER [\w-]+) $MUST (?P<r>.+)",
        ("<n> <x> must <r> // <y> must <r>",),
    ),
    # one for each
    (
        r"an? (?P<x>[\w' -]+) $MUST (?P<gone>be visible|be shown|hang|stand|be) (?:in|at) (?:each|every) "
        r"(?P<y>[\w' -]+)",
        ("every <y> must have a <x>",),
    ),
    (
        r"an? (?P<x>[\w' -]+) $MUST (?P<gone>be visible|be shown|hang|stand|be) "
        r"(?P<p>on|beside|near|behind|in front of|next to) (?:each|every) (?P<y>[\w' -]+)",
        ("every <y> must have a <x> <p> it",),
    ),
)
