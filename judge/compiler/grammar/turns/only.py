"""Turns: `only`, and what it leaves out. Data (`words` says how they are written)."""

from __future__ import annotations

from judge.compiler.grammar.turns.words import Turn

ONLY: tuple[Turn, ...] = (
    (r"(?P<s>.+?) (?P<b>is|are) only (?P<gone>okay|fine|ok|alright) (?P<p>.+)", ("<s> <b> allowed only <p>",)),
    (
        r"(?P<s>.+? only $AT .+?), (?P<x>[^,]+?),? and (?P<y>[^,]+)",
        ("<s>, <x> or <y>",),
    ),
    # `only`
    (
        r"(?P<s>.+?) (?:$MAY be $SHOWN|is allowed|are allowed|are permitted) (?P<p>$AT [^,]+?) only "
        r"(?P<q>with|without) "
        r"(?P<x>[^,]+)",
        ("<s> must not be shown <p> <#q> <x>",),
    ),
    (r"(?P<s>.+?) (?P<m>is|are) (?P<v>$ALLOWED) (?P<p>$AT [^,]+?) only", ("<s> <m> <v> only <p>",)),
    (r"(?P<s>.+?) (?P<m>$MODAL be \w+) (?P<p>$AT [^,]+?) only", ("<s> <m> only <p>",)),
    (r"only (?P<w>if|when) (?P<c>[^,]+), (?P<s>.+? $MAY .+)", ("<s> only <w> <c>",)),
    (r"only (?P<p>$AT .+?) (?P<m>$MAY) (?P<s>.+?) be (?P<v>\w+)", ("<s> <m> be <v> only <p>",)),
    (
        r"(?P<s>.+?) (?P<o>$MAY be $SHOWN only|$MAY only be $SHOWN|(?:is|are) only $ALLOWED|(?:is|are) $ALLOWED only) "
        r"(?P<p>(?:$AT|\w+ing) .+?|indoors|outdoors),? (?:and )?(?:only )?(?:if|when|where) (?P<c>.+)",
        (
            "<s> may be shown <p> only if <c>",
            "<s> may be shown only <p> // <s> may be shown only if <c>",
            "if <c>, <s> may be shown only <p>",
        ),
    ),
    (
        r"(?P<s>.+?) (?:$MAY be $SHOWN only|$MAY only be $SHOWN|(?:is|are) only $ALLOWED|(?:is|are) $ALLOWED only) "
        r"(?P<p>$AT .+?|indoors|outdoors) and (?:only )?(?P<q>$AT .+?|indoors|outdoors)",
        ("<s> may be shown only <p> // <s> may be shown only <q>", "<s> may be shown only <p> or <q>"),
    ),
    (
        r"(?P<s>.+?) (?:$MAY be $SHOWN only|$MAY only be $SHOWN|(?:is|are) only $ALLOWED|(?:is|are) $ALLOWED only) "
        r"(?P<p>$AT (?:(?!with|without)[\w-]+ ){1,3})(?P<q>with|without) (?P<x>[^,]+)",
        ("<s> must not be shown <p><#q> <x>", "<s> may be shown only <p> // <s> may be shown only <q> <x>"),
    ),
    (
        r"(?P<s>.+?) $MAY only be (?P<v>used|handled|operated|carried|held) with (?P<x>[^,]+)",
        ("<s> must not be <v> without <x>",),
    ),
    (r"(?P<s>.+?) $MAY only be (?P<v>(?!$SHOWN)\w+) (?P<p>$AT .+)", ("<s> may be <v> only <p>",)),
    (r"(?P<s>.+?) $MAY only be (?P<v>\w+) outdoors", ("<s> must not be <v> indoors",)),
    (r"(?P<s>.+?) $MAY only be (?P<v>\w+) indoors", ("<s> must not be <v> outdoors",)),
    (
        r"only (?P<x>(?:(?!$NUMBER\b|$AT\b|of\b|and\b|or\b|an?\b)[\w-]+ )+(?P<n>[\w-]+)) (?P<m>$MAY be \w+)(?P<r>.*)",
        ("no <n> other than <x> <m><r>",),
    ),
    (
        r"only (?P<x>[\w-]+) or (?P<y>[\w-]+) (?P<n>[\w-]+s) $MAY be $SHOWN",
        ("no <n> other than <x> <n> or <y> <n> may be shown",),
    ),
    (r"$PHOTOS $MODAL (?:only show|show only) (?P<n>(?!$NUMBER)[\w-]+)", ("no <?n> other than <n> may be shown",)),
    (
        r"$PHOTOS $MODAL (?:only show|show only) (?P<x>(?:(?!of\b|and\b|or\b|an?\b|$NUMBER\b)[\w-]+ )+(?P<n>[\w-]+))",
        ("no <n> other than <x> may be shown",),
    ),
    (
        r"$PHOTOS $MODAL (?:(?P<gone>just|only) show|show (?P<gone2>just|only)) (?P<n>$NUMBER) (?P<x>.+)",
        ("photos must show exactly <n> <x>",),
    ),
    (
        r"(?P<s>.+?) $MUST (?P<p>.+?) only (?P<w>if|when) (?P<c>.+)",
        ("<s> may <p> only <w> <c>", "<w> <c>, <s> must <p>"),
    ),
    # who or what else there may be
    (r"only (?:show|display|post|upload) (?P<n>[\w-]+) (?P<r>.+)", ("no <n> other than <n> <r> may be shown",)),
    (r"only (?:show|display|post|upload) (?P<n>[\w-]+)", ("no <?n> other than <n> may be shown",)),
    (
        r"only (?P<x>(?P<n>(?!$NUMBER\b)[\w-]+) (?:with|in|on|at|wearing|holding) .+?) (?P<m>$MAY .+)",
        ("no <n> other than <x> <m>", "no <?n> other than <x> <m>"),
    ),
    (
        r"only (?P<x>(?:(?!$NUMBER\b)[\w-]+ "
        r")?(?:staff|adults|people|persons|workers|drivers|nurses|doctors|guards|members|visitors)) "
        r"(?P<m>$MAY .+)",
        ("no person other than <x> <m>",),
    ),
    (
        r"only (?P<n>(?!$NUMBER\b)[\w-]+) (?P<m>$MAY .+)",
        ("no <?n> other than <n> <m>",),
    ),
    (
        r"(?P<s>.+?) (?P<m>$MODAL .+?|(?:is|are) .+?),? (?:except|apart from|other than)(?: for)? "
        r"(?P<k>(?!their\b|its\b)[^,]+)",
        ("<s> other than <&k> <m>", "<s> <m>, unless <|k> visible"),
        "names a kind|says, after|known, but not",
    ),
)
