"""Turns about kinds that are allowed, kinds of pictures and permissions, as data (`words` says how to read them)."""

from __future__ import annotations

from judge.compiler.grammar.turns.words import Turn

KINDS: tuple[Turn, ...] = (
    # a permission, and what is not permitted
    (
        r"(?P<gone>.+?) $MAY (?P<x>[^,;]+)[;,] (?:but )?(?P<b>[\w -]+) (?:may|must) not",
        ("<b> must not <x>",),
    ),
    (
        r"(?P<a>[\w -]+?) (?:is|are) $ALLOWED(?P<p>(?: $AT .+?)?),? (?:but )?(?P<y>[\w -]+) (?:is|are) not",
        ("<y> must not be shown<p>, even if <@a> visible",),
    ),
    (
        r"(?P<a>[\w -]+?) (?:is|are) $ALLOWED (?P<p>$AT .+?),? but not (?P<y>(?!$AT\b).+)",
        ("<y> must not be shown <p>, even if <@a> visible",),
    ),
    (
        r"(?P<a>[\w-]+) (?P<gone>$AT .+?) (?:is|are) (?P<gone2>$ALLOWED),? but not (?P<q>$AT .+)",
        ("<a> must not be shown <q>",),
    ),
    (
        r"(?P<a>[\w-]+) (?P<gone>of .+?) $MAY be $SHOWN,? but not (?P<q>of .+)",
        ("<a> <q> must not be shown",),
    ),
    (
        r"(?P<a>.+?) $MAY be $SHOWN (?P<gone>$AT [\w-]+(?: (?!$AT\b)[\w-]+)*),? but not (?P<q>$AT .+)",
        ("<a> must not be shown <q>",),
    ),
    (
        r"(?P<a>.+?) $MAY show (?P<x>.+?),? but not (?:their|its) (?P<y>.+)",
        ("<a> must not show the <y> of <x>",),
    ),
    (r"(?P<a>.+?) $MAY show (?P<gone>.+?),? but not (?P<y>(?!their\b|its\b).+)", ("<a> must not show <y>",)),
    # what is over once it is done
    (
        r"(?P<a>no .+? $MAY|nobody $MAY|.+? $NOT) (?P<gone>enter|board) (?P<x>(?!or\b|and\b)(?:(?!$AT\b|or\b|and\b)"
        r"[\w-]+ ?)+)",
        ("<a> be in <x>",),
        "seen being done",
    ),
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
        r"(?P<a>(?P<s>[\w -]+?) (?:(?:is|are) (?:$BANNED|not $ALLOWED)|$NOT be $SHOWN))\. (?:this|it)(?: "
        r"rule)? does not "
        r"(?P<gone>apply) to (?P<k>[\w -]+)",
        ("no <s> other than <&k> may be shown", "<a>, unless <|k> visible"),
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
    (r"(?P<a>[^.]+)\. (?:exception: )?(?:when|if|unless) (?P<c>[^.]+)", ("<a>, unless <c>",)),
    (r"(?P<a>[^.]+)\. exception: (?P<c>$AT [^.]+)", ("<a>, except <c>",)),
    (
        r"no (?P<s>[\w -]+?) may be $SHOWN\. except (?P<k>[\w -]+)",
        ("no <s> other than <&k> may be shown", "no <s> may be shown, unless <|k> visible"),
    ),
    (
        r"no (?P<x>[\w -]+?) may be $SHOWN,? except those of (?P<y>[\w -]+)",
        ("no <x> other than <x> of <y> may be shown",),
    ),
    (
        r"no (?P<x>[\w-]+) may be $SHOWN,? unless (?P<k>[\w-]+ (?P=x)) are visible",
        ("no <x> other than <k> may be shown",),
    ),
    (
        r"no (?P<s>[\w -]+?) may be $SHOWN,? except(?: for)? (?P<k>[\w -]+?),? (?P<w>unless|if|when) (?P<c>.+)",
        ("<w> <c>, no <s> other than <k> may be shown || no <s> other than <k> may be shown, <w> <c>",),
    ),
    (
        r"(?P<s>[\w -]+?) (?P<m>(?:is|are) $BANNED|$MUST .+?),? except(?: for)? (?P<k>[\w -]+?),? unless (?P<c>.+)",
        ("<s> other than <k> <m>, unless <c>",),
    ),
    (
        r"(?P<s>[\w -]+?) (?P<m>(?:is|are) $BANNED|$MUST .+?),? unless (?P<c>[^,]+), except(?: for)? (?P<k>[\w -]+)",
        ("<s> other than <k> <m>, unless <c>",),
    ),
    (
        r"nothing (?P<gone>\w+),? such as (?P<x>[\w -]+), (?P<y>[\w -]+) or (?P<z>[\w -]+), may be $SHOWN",
        ("the following must not be shown: <x>; <y>; <z>",),
    ),
    # examples
    (
        r"(?P<a>no .*\b(?:other than|except|without|more than \w+) [\w -]+?),? (?P<gone>\(?(?:such "
        r"as|including|for example) "
        r"[\w -]+?\)?),?(?P<b> may .+)",
        ("<a><b>",),
        "examples",
    ),
    (
        r"(?P<a>no (?:(?!other than|except|without|more than).)*?)(?P<x>[\w-]+) (?:such as|including) (?P<y>[\w-]+)"
        r"(?P<b> may .+)",
        ("<a><x><b> // <a><y><b>",),
        "examples",
    ),
    (
        r"(?P<x>(?!no\b|neither\b|only\b)[\w -]+?),? (?:such as|including) (?P<y>[\w -]+?),?"
        r"(?P<b> $MUST (?!not\b|never\b).+)",
        ("<x><b> // <y><b>",),
        "examples",
    ),
    # pictures
    (
        r"(?P<k>[\w -]*(?:ads|adverts|advertisements)) (?P<m>$MUST) (?P<gone>carry|have|bear) (?P<x>.+)",
        ("<k> <m> show <x>",),
    ),
    (r"no (?P<gone>(?:[\w-]+ )?(?:views|portraits)) of (?P<x>[\w -]+)", ("photos must not show <x>",)),
    (r"(?P<gone>nobody|no person) may (?:show|post|upload|share|publish) (?P<x>.+)", ("photos must not show <x>",)),
    (
        r"(?P<gone>$WHO) (?:with|showing|that show) (?P<x>.+?) (?P<m>are|is) (?P<n>$BANNED|not $ALLOWED)",
        ("photos must not show <x>",),
    ),
    (
        r"(?:no )?(?P<gone>$WHO) (?:with|showing|that show) (?P<x>.+?) (?:may|must not) be $SHOWN",
        ("photos must not show <x>",),
    ),
    (
        r"(?:no|(?:do not|never) (?:upload|post|use|show|submit|share)) $KINDS(?: $MAY be \w+)?",
        ("the picture must not be a <kind>",),
    ),
    (r"$KINDS (?:are|is) (?:not $ALLOWED|$BANNED)", ("the picture must not be a <kind>",)),
    (r"$KINDS $NOT be $SHOWN", ("the picture must not be a <kind>",)),
    (r"$KINDS $MUST be (?P<x>(?!$SHOWN\b)[\w -]+)", ("= the picture is a <kind> ; the picture is not <x>",)),
    (r"$KINDS $NOT be (?P<x>(?!$SHOWN\b)[\w -]+)", ("= the picture is a <kind> ; the picture is <x>",)),
    (
        r"only (?P<x>(?:(?!of\b|with\b|in\b|and\b|or\b)[\w-]+ )+)(?P<n>photo|picture|image|shot)s (?:are "
        r"$ALLOWED|may be \w+)",
        ("= the picture is not a <x><n>",),
    ),
    (
        r"(?P<x>black and white |(?:(?!of\b|with\b|in\b|and\b|or\b)[\w-]+ "
        r")+)(?P<n>photo|picture|image|shot)s $NOT $SHOW "
        r"(?P<y>.+)",
        ("= the picture is a <x><n> ; <@y> visible",),
        "no kind of pictures",
    ),
    (
        r"(?:do not|never) (?:upload|post|use|show|submit|share) (?P<gone>$WHO) of (?P<x>.+)",
        ("photos must not show <x>",),
    ),
    (
        r"(?:do not|never) (?:upload|post|use|show|submit|share) (?P<x>(?:(?!of\b|with\b|in\b|or\b|and\b)[\w-]+ )+)"
        r"(?P<n>photo|picture|image|shot|selfie|collage)s",
        ("the picture must not be a <x><n>",),
    ),
    (
        r"(?:photos|pictures|images) with (?P<x>.+?) (?:are|will be) (?:rejected|removed|not accepted|not allowed)",
        ("photos must not show <x>",),
    ),
    (
        r"(?P<k>ad|advert|screenshot|illustration|meme|collage|selfie)s (?P<p>(?:for|of) .+?) $NOT $SHOW (?P<x>.+)",
        ("= the picture is a <k> <p> ; <@x> visible",),
    ),
    (
        r"(?P<k>ad|advert|screenshot|illustration|meme|collage|selfie)s (?P<p>(?:for|of) .+?) $MUST $SHOW (?P<x>.+)",
        ("= the picture is a <k> <p> ; <@x> not visible",),
    ),
    (
        r"(?P<x>.+?) $NOT (?:be $SHOWN|appear) in (?P<k>ad|advert|screenshot|illustration|meme|collage|selfie)s "
        r"(?P<p>(?:for|of) .+)",
        ("= the picture is a <k> <p> ; <@x> visible",),
    ),
    (
        r"(?P<k>ad|advert|screenshot|illustration|meme|collage|selfie)s $NOT $SHOW (?P<x>.+)",
        ("= the picture is a <k> ; <@x> visible",),
    ),
    (
        r"$PHOTOS (?P<m>$MUST) be (?P<x>\w+) (?P<r>(?!and\b|or\b).+)",
        ("= the picture is not <x> <r>",),
        "picture itself",
    ),
    (
        r"$PHOTOS $NOT be (?P<x>[^,]+), (?P<y>[^,]+) or (?P<z>[^,]+)",
        (
            "photos must not be <x> // photos must not be <y> // photos must not be <z> || "
            "= the picture is <x> | the picture is <y> | the picture is <z>",
        ),
    ),
    (r"$PHOTOS $NOT be (?P<x>(?!$SHOWN\b)(?:(?!and\b|or\b)[\w-]+ ?)+)", ("= the picture is <x>",), "picture itself"),
    (
        r"(?:photos|pictures|images) of (?P<s>.+?) $MUST be (?P<x>taken .+)",
        ("= <@s> visible ; the picture is not <x>",),
    ),
    (
        r"$PHOTOS (?P<m>$MUST) (?:have|show) an? (?P<x>[\w -]+) (?P<n>background|foreground)",
        ("the <n> <m> be <x>",),
    ),
    (r"(?P<p>$PHOTOS) $MUST be (?P<x>\w+) and (?P<y>\w+)", ("<p> must be <x> // <p> must be <y>",)),
    (r"(?P<p>$PHOTOS) (?P<m>$NOT) be (?P<x>\w+) and (?P<y>\w+)", ("<p> <m> be <x> // <p> <m> be <y>",)),
    (
        r"no (?P<x>(?:shirtless|topless|naked|nude|barefoot|undressed|masked)) (?:photos?|pictures?|selfies?|images?)"
        r"(?:,? (?P<w>unless|except|when|if) (?P<c>.+))?",
        ("no <x> person may be shown <w> <c> || no <x> person may be shown <w> they are <c>",),
    ),
    (
        r"no (?P<x>(?:(?:black and white )|(?!of\b|with\b|in\b|and\b)[\w-]+ "
        r")+)(?P<n>photo|picture|image|shot|selfie|collage)s?(?: "
        r"$MAY be $SHOWN)?",
        ("the picture must not be a <x><n>",),
    ),
    (
        r"(?P<x>(?:(?:black and white )|(?!of\b|with\b|in\b|and\b)[\w-]+ "
        r")+)(?P<n>photo|picture|image|shot|selfie|collage)s "
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
    (
        r"(?P<gone>$WHO) $MUST show (?P<x>[^,]+), (?P<gone2>not (?:just|only) .+)",
        ("photos must show <x>",),
    ),
    (r"(?P<gone>$WHO) of (?P<x>.+?) (?P<m>are|is) (?P<n>$BANNED|not $ALLOWED)", ("photos of <x> are <n>",)),
    (
        r"$PHOTOS $NOT (?P<gone>zoom in on|focus on|be close-ups of|zoom into) (?P<x>.+)",
        ("close-ups must not show <x>",),
    ),
    # a permission
    (r"(?P<s>[\w -]+?) with (?P<x>[\w -]+?) $MAY be $SHOWN(?P<r>.*)", ("<s> without <x> must not be shown<r>",)),
    # lists
    (
        r"(?:do not show|prohibited|not allowed|forbidden|banned): (?P<x>[^,;]+), (?P<y>[^,;]+); (?P<z>[^,;]+)",
        ("the following must not be shown: <x>; <y>; <z>",),
    ),
    (r"(?P<a>[^,]+), (?P<gone>whether [^,]+), (?P<b>and .+)", ("<a> <b>",)),
    (
        r"(?P<x>[\w -]+) (?:is|are) the (?P<gone>only) (?P<y>[\w -]+) that may be $SHOWN",
        ("no <y> other than <x> may be shown",),
    ),
    (r"(?P<a>.+),? (?P<gone>please)", ("<a> || <a> may be shown",)),
    (r"(?:every person|you) must be the (?P<gone>only) person", ("no more than one person may be shown",)),
    # lists of which nothing is read, each thing by itself
    (
        r"no (?P<a>$ITEM)(?:,| or) (?P<b>$ITEM),? (?:including|such as) (?P<c>$ITEM)(?:,| and| or) (?P<d>$ITEM)",
        ("the following must not be shown: <a>; <b>; <c>; <d>",),
    ),
    (
        r"no (?P<a>$ITEM) such as (?P<b>$ITEM), (?P<c>$ITEM),? (?:and|or) (?P<d>$ITEM)",
        ("the following must not be shown: <a>; <b>; <c>; <d>",),
    ),
    (
        r"no (?P<a>$ITEM), (?P<b>$ITEM),? or (?P<c>$ITEM)(?: $MODAL be $SHOWN)?",
        ("the following must not be shown: <a>; <b>; <c>",),
    ),
    (
        r"no (?P<a>$ITEM) or (?P<b>$ITEM)(?: $MODAL be $SHOWN)?",
        ("the following must not be shown: <a>; <b>",),
    ),
    (
        r"(?P<a>$ITEM) and (?P<b>$ITEM) (?:is|are) (?:$BANNED|not $ALLOWED)",
        ("the following must not be shown: <a>; <b>",),
    ),
)
