"""Turns about kinds that are allowed, kinds of pictures and permissions, as data (`words` says how to read them)."""

from __future__ import annotations

from judge.compiler.grammar.turns.words import Turn

KINDS: tuple[Turn, ...] = (
    # what is over once it is done
    (
        r"(?P<e>every |each )?(?P<s>[\w' -]+) $MUST (?P<v>\w+)(?P<o>(?: on| off| up)?) (?:their|his or her) "
        r"(?P<x>[\w-]+(?: [\w-]+)?)(?P<z>(?: back| up| off)?)",
        ("the <x> of <e><s> must be <%v><o><z>",),
        "seen being done",
    ),
    (
        r"(?P<gone>(?:every |each )?[\w' -]+) $MUST (?P<v>\w+)(?P<o>(?: on| off| up)?) the "
        r"(?P<x>[\w-]+(?: [\w-]+)?)(?P<z>(?: back| up| off)?)",
        ("the <x> of <gone> must be <%v><o><z>", "the <x> must be <%v><o><z>"),
        "seen being done",
    ),
    # a kind that is allowed
    (
        r"$PHOTOS (?P<m>$NOT $SHOW) (?P<s>[^,.;]+?)(?:, but|,| but|;|\.) (?P<k>(?!no |not |never )[^,.;]+?) "
        r"(?:is|are|may be|can be)(?: always| still)? (?:$ALLOWED|$SHOWN)",
        ("photos <m> <s> other than <&k>", "photos <m> <s>, unless <|k> visible"),
    ),
    (
        r"(?:no )?(?P<s>(?:(?!$MODAL\b|,|\.|;).)+?) (?:$NOT be $SHOWN|may be $SHOWN|(?:is|are) "
        r"(?:$BANNED|not $ALLOWED))"
        r"(?:, but|,| but|;|\.) (?:exceptions?: )?(?P<k>(?!no |not |never |neither |exceptions?|unless|except|other)"
        r"[^,.;:]+?)(?: (?:is|are|may be|can be)(?: always| still)? (?:$ALLOWED|$SHOWN))?",
        ("no <s> other than <&k> may be shown", "no <s> may be shown, unless <|k> visible"),
    ),
    (
        r"(?P<s>.+?),? \((?P<k>[^()]+?) (?:is|are) $ALLOWED\)",
        ("<s> other than <&k>", "<s>, unless <|k> visible"),
    ),
    # a permission, and what is not permitted
    (
        r"(?P<a>.+?) $MAY be $SHOWN,? but (?:not|no) (?:their|its) (?P<y>.+)",
        ("the <y> of <a> must not be shown",),
    ),
    (r"(?P<a>.+?) $MAY be $SHOWN,? but (?:not|no) (?P<y>.+)", ("<y> must not be shown, even if <@a> visible",)),
    # pictures
    (
        r"$PHOTOS (?P<m>$MUST) (?:have|show) an? (?P<x>[\w -]+) (?P<n>background|foreground)",
        ("the <n> <m> be <x>",),
    ),
    (r"(?P<p>$PHOTOS) $MUST be (?P<x>\w+) and (?P<y>\w+)", ("<p> must be <x> // <p> must be <y>",)),
    (r"(?P<p>$PHOTOS) (?P<m>$NOT) be (?P<x>\w+) and (?P<y>\w+)", ("<p> <m> be <x> // <p> <m> be <y>",)),
    (
        r"no (?P<x>(?:shirtless|topless|naked|nude|barefoot|undressed|masked)) (?:photos?|pictures?|selfies?|images?)"
        r"(?P<r>,? (?:unless|except|when|if) .+)?",
        ("no <x> person may be shown<r> || no <x> person may be shown",),
    ),
    (
        r"no (?P<x>(?:(?!of\b|with\b|in\b)[\w-]+ )+)(?P<n>photo|picture|image|shot|selfie|collage)s?(?: "
        r"$MAY be $SHOWN)?",
        ("the picture must not be a <x><n>",),
    ),
    (
        r"(?P<x>(?:(?!of\b|with\b|in\b)[\w-]+ )+)(?P<n>photo|picture|image|shot|selfie|collage)s "
        r"(?:are|is) (?:not $ALLOWED|$BANNED)",
        ("the picture must not be a <x><n>",),
    ),
    (
        r"(?:no )?(?:photos|pictures|images|selfies) in (?P<x>.+?)(?: (?:are|is) (?:not $ALLOWED|$BANNED)| "
        r"may be $SHOWN)?",
        ("no person in <x> may be shown",),
    ),
    (
        r"(?P<gone>$WHO) $MODAL (?P<n>not |never )?(?:$SHOW|post|upload|share) "
        r"(?:(?:a |any )?(?:photos?|pictures?|images?) of )?(?P<x>.+)",
        ("photos must <n>show <x>",),
    ),
    (
        r"no (?P<gone>$WHO) $MAY (?:$SHOW|post|upload|share) (?:(?:photos|pictures|images) of )?(?P<x>.+)",
        ("photos must not show <x>",),
    ),
    (r"(?P<gone>$WHO) of (?P<x>.+?) (?P<m>are|is) (?P<n>$BANNED|not $ALLOWED)", ("photos of <x> are <n>",)),
    (
        r"$PHOTOS $NOT (?P<gone>zoom in on|focus on|be close-ups of|zoom into) (?P<x>.+)",
        ("close-ups must not show <x>",),
    ),
    (
        r"(?P<gone>at least one|one|the first|the main) (?:\w+ )?(?:photo|picture|image) (?P<m>$MUST .+)",
        ("every photo <m>",),
    ),
    # a permission
    (r"(?P<s>[\w -]+?) with (?P<x>[\w -]+?) $MAY be $SHOWN(?P<r>.*)", ("<s> without <x> must not be shown<r>",)),
    (
        r"(?P<x>(?:(?!no\b|only\b)[\w-]+ )(?P<n>[\w-]+)) (?:$MAY be $SHOWN|(?:is|are) $ALLOWED)",
        ("no <n> other than <x> may be shown",),
    ),
    # lists
    (
        r"(?:do not show|prohibited|not allowed|forbidden|banned): (?P<x>[^,;]+), (?P<y>[^,;]+); (?P<z>[^,;]+)",
        ("the following must not be shown: <x>; <y>; <z>",),
    ),
    (r"(?P<a>[^,]+), (?P<gone>whether [^,]+), (?P<b>and .+)", ("<a> <b>",)),
)
