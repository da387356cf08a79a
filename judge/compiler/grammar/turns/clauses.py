"""Turns about nouns, conditions, exceptions and who must do what, as data (`words` says how they are written)."""

from __future__ import annotations

from judge.compiler.grammar.turns.words import NOUN, Turn

# What takes something out of a rule, as `unless` does.
_UNLESS_THE = (
    r"(?:,? (?:unless|except (?:if|when|where))|\. (?:this|it)(?: rule)? does not apply (?:if|when|where)) the"
)
CLAUSES: tuple[Turn, ...] = (
    # the same verb of several
    (
        r"(?P<a>(?:no|nobody)\b.*?\b$MAY(?: be shown)?|.+? $NOT(?: be shown)?) (?P<u>\w+ "
        r"(?:at|on|to|with|against|over)), "
        r"(?P<v>\w+(?: (?:at|on|to|with|against|over))?) or (?P<w>\w+(?: (?:at|on|to|with|against|over))?) (?P<x>.+)",
        ("<a> <u> <x> // <a> <v> <x> // <a> <w> <x>",),
    ),
    (
        r"(?P<a>(?:no|nobody)\b.*?\b$MAY(?: be shown)?|.+? $NOT(?: be shown)?) (?P<u>\w+ "
        r"(?:at|on|to|with|against|over)) "
        r"or (?P<v>\w+(?: (?:at|on|to|with|against|over))?) (?P<x>.+)",
        ("<a> <u> <x> // <a> <v> <x>",),
        "says, after",
    ),
    (
        r"(?P<a>no (?:(?!when|if|unless|while)[\w -])+? may be \w+) (?P<p>(?:(?!when|if|unless|while)[\w ])+?) or "
        r"(?P<q>$AT (?:(?!when|if|unless|while).)+)",
        ("<a> <p> // <a> <q>",),
    ),
    (
        r"either (?P<x>the [\w -]+?) or (?P<y>the [\w -]+?) $MUST be (?P<v>$SHOWN)",
        ("when <x> is not visible, <y> must be visible",),
    ),
    (
        r"$PHOTOS $MUST show either (?P<x>the [\w -]+?) or (?P<y>the [\w -]+)",
        ("when <x> is not visible, <y> must be visible",),
    ),
    (r"nothing may (?P<v>\w+) (?P<x>.+)", ("<x> must not be <%v>",)),
    # what is allowed is no kind of what is forbidden: the first sentence says it all
    (
        r"(?P<s>no [^,;.]+|[^,;.]+ (?:$NOT (?:be $SHOWN|show [^,;.]+?)|(?:is|are) $BANNED))(?:;|,? but|\.|,) "
        r"(?P<gone>(?!no\b|not\b|never\b)[^,;.]+ "
        r"(?:(?:is|are) (?:allowed|permitted|fine|ok|okay|acceptable|welcome)|may be (?:shown|visible)))",
        ("<s>",),
        "of another place or owner, takes back",
    ),
    # what belongs to a noun stands behind it
    (
        r"no (?P<s>.+?) (?P<m>$MODAL be $SHOWN) (?:who|that|which) (?:has|have) no (?P<r>.+)",
        ("no <s> without <~r> <m>",),
    ),
    (r"(?P<s>.+?) (?P<m>$MODAL (?:not )?be $SHOWN) (?P<r>(?:who|that|which|whose) .+)", ("<s> <r> <m>",)),
    (r"(?P<s>.+?) (?P<m>$NOT be $SHOWN) (?:if|when) they (?P<r>.+)", ("<s> who <r> <m> || <s> that <r> <m>",)),
    # brackets
    (r"(?P<a>[^(]+) \((?P<x>[\w-]+ or [\w-]+)\)(?P<b>.*)", ("<a>, whether <x>,<b>",)),
    (r"(?P<a>[^(,]+), (?P<x>[\w-]+ or [\w-]+), (?P<b>.*)", ("<a>, whether <x>, <b>",)),
    (
        r"(?P<a>[^(]+) \((?P<x>[^(),]+), (?:for example|for (?P<gone>instance)|e\.g\.?)\)(?P<b>.*)",
        ("<a>, such as <x>,<b>",),
    ),
    (r"(?P<a>[^(]+) \((?:e\.g\.?|such as|like),? (?P<x>[^()]+)\)(?P<b>.*)", ("<a>, such as <x>,<b>",)),
    (r"(?P<a>[^(]+) \((?P<x>[^(),]+), (?P<y>[^(),]+)\)(?P<b>.*)", ("<a>, such as <x> or <y>,<b>",)),
    # what must not be, said by `no`
    (r"(?:every|each) (?P<s>.+?) $MUST (?P<v>have|wear|carry|hold|contain) no (?P<x>.+)", ("no <s> may <v> <~x>",)),
    (r"(?P<s>.+? $MUST) (?P<v>have|wear|carry|hold|contain) no (?P<x>.+)", ("<s> not <v> <~x>",)),
    # conditions
    (
        r"(?P<a>.*\b(?:if|when|unless)) (?:no|neither(?: an?)?) (?P<x>(?!the\b)[\w -]+?) n?or (?:an? )?"
        r"(?P<y>[\w -]+?) (?P<v>is visible|are visible)(?P<b>.*)",
        ("<a> no <x> <v> and no <y> <v><b>",),
    ),
    (
        r"(?P<a>.*\b(?:if|when)) neither (?P<x>the [\w -]+?) nor (?P<y>the [\w -]+?) is (?P<v>[^,]+)(?P<b>.*)",
        ("<a> <x> is not <v> and <y> is not <v><b>",),
    ),
    (r"(?P<a>.*\b(?:if|when)) (?P<x>no [\w-]+ is) (?P<v>[^,]+?) or (?P<w>$AT [^,]+)", ("<a> <x> <v> and <x> <w>",)),
    (r"(?P<a>.*\b(?:if|when|unless)) nobody is (?P<v>.+)", ("<a> no person is <v>",)),
    (r"(?P<a>.*\b(?:if|when|unless)) not a (?P<gone>single) (?P<x>.+)", ("<a> no <x>",)),
    (r"(?P<a>.*\b(?:if|when|unless)) there (?P<v>is|are) (?P<x>[^,]+)(?P<b>.*)", ("<a> <x> <v> visible<b>",)),
    (r"(?P<a>.+ $MODAL not be)", ("<a> visible",)),
    (r"(?P<a>.*\b(?:if|when|unless)) it (?:rains|is raining)(?P<b>.*)", ("<a> rain is falling<b>",)),
    (r"(?P<a>.*\b(?:if|when|unless)) it (?:snows|is snowing)(?P<b>.*)", ("<a> snow is falling<b>",)),
    # an exception, or a condition, of the thing itself
    (
        r"(?P<s>.+?) with (?P<y>[\w -]+) (?P<m>$NOT be $SHOWN),? unless the (?P=y) (?P<v>is|are) (?P<p>.+)",
        ("<s> with <y> that <v> not <p> <m>",),
    ),
    (
        rf"no (?P<x>{NOUN}) (?P<m>$MODAL .+?),? unless (?:an? |the )?(?P=x) (?:is|are) (?P<p>(?!visible).+)",
        ("no <x> <m> unless it is <p> || no <x> <m> unless they are <p>",),
    ),
    (
        rf"(?P<x>{NOUN}) (?P<m>$MODAL .+?),? (?P<w>unless|only if|only when) (?:the )?(?P=x) are (?P<p>(?!visible).+)",
        ("<x> <m> <w> they are <p>",),
    ),
    (
        rf"no (?P<x>{NOUN}) (?P<m>$MODAL be $SHOWN),? unless (?P<y>an? [\w-]+|[\w-]+s) (?:is|are) (?P<v>\w+ing) "
        r"(?:the (?P=x)|it|them)",
        ("no <x> <m> unless it is <%v> by <y> || no <x> <m> unless they are <%v> by <y>",),
    ),
    (
        rf"no (?P<x>{NOUN}) (?P<m>$MODAL be $SHOWN),? unless (?P<y>an? [\w-]+|[\w-]+s) (?:is|are) "
        r"(?P<p>beside|next to|near) (?:the (?P=x)|it|them)",
        ("no <x> <m> unless it is <p> <y> || no <x> <m> unless they are <p> <y>",),
    ),
    (
        rf"(?P<a>no {NOUN} $MODAL .+?|[\w'-]+s $NOT be $SHOWN),? unless (?P<gone>the [\w -]+?) (?:is|are) (?P<p>.+)",
        ("<a> unless it is <p> || <a> unless they are <p>",),
        "`the (?:animal|person|thing|item|object|product|vehicle)` is of each thing",
    ),
    (
        rf"(?P<a>no {NOUN} $MODAL .+?){_UNLESS_THE} (?P<n>[\w -]+?) (?P<q>(?:is|are) .+)",
        ("<a> unless its <n> <q> || <a> unless their <n> <q>", "+<a> unless <~n> <q>"),
        "of each thing",
    ),
    (
        rf"(?P<a>[\w' -]+s $NOT be $SHOWN){_UNLESS_THE} (?P<n>[\w -]+?) (?P<q>(?:is|are) .+)",
        ("<a> unless their <n> <q>", "+<a> unless <~n> <q>"),
        "of each thing",
    ),
    (
        r"(?P<x>[\w' -]+s) (?:$MAY be $SHOWN|(?:is|are) $ALLOWED) only (?:if|when|where) the (?P<n>[\w -]+?) "
        r"(?P<q>(?:is|are) .+)",
        ("<x> must not be shown unless their <n> <q>", "+<x> must not be shown unless <~n> <q>"),
        "of each thing",
    ),
    (
        rf"(?P<a>no (?P<x>{NOUN}) $MODAL .+?),? unless the (?P=x)'s (?P<p>.+)",
        ("<a> unless its <p> || <a> unless their <p>",),
    ),
    (
        r"(?P<a>.+?),? unless (?P<c>[^,]+? (?:is|are) [^,]+?) and (?P<d>[^,]+ (?:is|are) [^,]+)",
        ("<a> unless <c> // <a> unless <d>",),
        "must both hold",
    ),
    # where `unless` and `except` stand
    (r"(?P<a>[^,]+?),? except (?P<p>$AT [^,]+ or (?:$AT )?[^,]+)", ("<a> unless <p>",)),
    (
        r"(?P<a>[^,]+), unless (?P<c>$STATE), (?P<b>.+)",
        ("<a> <b> unless they are <c> || <a> <b> unless it is <c>",),
    ),
    (r"(?P<a>[^,]+), unless (?P<c>[^,]+), (?P<b>.+)", ("<a> <b> unless <c>",)),
    (
        r"(?P<a>no (?:(?!$MODAL\b|is\b|are\b)[^,])+),? unless (?P<c>$STATE)",
        ("<a> may be shown unless they are <c> || <a> may be shown unless it is <c>",),
    ),
    (
        r"(?P<a>no .+?)(?P<m> $MODAL be $SHOWN)?,? unless (?P<c>(?:(?!$AT\b|is\b|are\b)[\w-]+ ){0,2}[\w-]+)",
        ("<a> other than <c> may be shown",),
    ),
    (r"(?P<a>.+?),? (?P<w>(?:only )?(?:unless|if|when)) (?P<c>$STATE)", ("<a> <w> they are <c> || <a> <w> it is <c>",)),
    (
        r"(?P<a>.+?) $MODAL only be $SHOWN (?P<w>if|when) (?P<c>$STATE)",
        ("<a> may be shown only <w> they are <c>",),
    ),
    (r"except with (?P<x>[^,]+), no (?P<s>.+?) (?P<m>$MODAL .+)", ("no <s> without <x> <m>",)),
    (r"(?P<a>.+ (?:not|never) .+?),? except with (?P<x>[^,]+)", ("<a> without <x>",)),
    (
        r"(?P<x>.+?) $MUST be (?P<v>worn|carried), except by (?P<y>[^,]+)",
        ("every person other than <y> must <!v> <x>",),
    ),
    # who does what
    (
        r"(?P<s>.+?) (?:$MAY|must|should) be (?P<gone>\w+) only by (?P<x>[^,]+)",
        ("no person other than <x> may <:gone> <s>",),
    ),
    (
        r"(?:do not|never) (?P<v>cover|hide|block|damage|remove|open|close|fold|cut|tape|wrap|paint|pin) "
        r"(?P<x>.+?)(?P<r>(?: $AT .+)?)",
        ("<x> must not be <%v><r>", "nobody may <v> <x><r>"),
    ),
    (r"it is $BANNED to (?:show|post|upload|depict|photograph) (?P<x>.+)", ("photos must not show <x>",)),
    (
        r"(?P<x>[^,]+?) $MUST be (?P<v>worn|carried|used|held)(?P<r> (?:when|while|on|in|at|near) (?:(?! or ).)+)?",
        ("every person must <!v> <x><r>",),
    ),
    (
        r"(?P<x>[^,]+?) (?:is|are) (?P<gone>required|mandatory|compulsory|obligatory|needed|necessary)"
        r"(?P<r> (?!for ).+)?",
        ("every person must wear <+x><r> || <r>, every person must wear <+x>", "<-x> must be visible<r>"),
    ),
)
