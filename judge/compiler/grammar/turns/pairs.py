"""Turns: What says nothing more, and sentences that ask for two things. Data (`words` says how they are written)."""

from __future__ import annotations

from judge.compiler.grammar.turns.words import Turn

PAIRS: tuple[Turn, ...] = (
    # what changes nothing
    (r"(?P<a>.+), (?P<gone>even) (?P<x>(?!if\b|when\b|in\b|with\b)[\w -]+)", ("<a> or <x>",)),
    (r"(?P<a>.*?)(?P<n>[\w-]+), (?P<gone>even) (?P<x>[\w-]+) (?P<gone2>ones)", ("<a><n> or <x> <n>",)),
    (r"(?P<gone>even) (?P<a>.+)", ("<a>",)),
    (r"(?P<a>.+?),? including (?P<x>$AT .+)", ("<a>, even <x>",)),
    (
        r"(?P<a>.+?) (?P<gone>as well as|along with|in addition to|and also|besides) (?P<b>.+?) (?P<m>$MODAL .+)",
        ("<a> and <b> <m>",),
    ),
    (
        r"(?P<a>.+?) (?P<m>$MODAL .+?|visible) (?P<gone>as well as|along with|in addition to|besides) (?P<b>.+)",
        ("<a> and <b> <m>",),
    ),
    (
        r"(?P<a>.+? (?:$MAY (?!not\b|never\b).+?|(?:is|are) (?:allowed|permitted|fine|okay))) "
        r"(?P<gone>in case|as long as|so long as|provided that|provided|on condition that) (?P<b>.+)",
        ("<a> only when <b>",),
    ),
    (r"(?P<a>.+?) (?P<gone>in case|as long as|so long as|in the event that) (?P<b>.+)", ("<a> when <b>",)),
    (r"(?P<a>.+?) (?P<gone>under any circumstances|at all|in any way|whatsoever|in any case)", ("<a>",)),
    (r"(?P<a>.+?),? (?P<gone>regardless of|irrespective of) (?P<gone2>[\w -]+)", ("<a>",)),
    (r"(?P<a>.+?) with or without (?P<x>[^,]+)", ("<a>, even with <x>",)),
    (
        r"(?P<a>.+ $AT (?:\w+ )?(?:places?|areas?|locations?|spots?|settings?|scenes?)) where (?P<b>.+)",
        ("<a> when <b>",),
        "changes",
    ),
    (r"(?P<a>.+?) (?:seen|shown) to (?P<v>\w+)(?P<b>.*)", ("<a> shown <^v><b>",)),
    (r"during (?P<x>(?:[\w-]+ )?$EVENT), (?P<b>.+)", ("when <@x> visible, <b>",)),
    (
        r"(?P<a>.+? $MAY (?!not\b|never\b).+?) during (?P<x>(?:[\w-]+ )?$EVENT)",
        ("<a> only when <@x> visible",),
    ),
    (
        r"(?P<a>.+? (?:$NOT|not $ALLOWED|$BANNED)(?: .+?)?|.+? $MUST .+?) during (?P<x>(?:[\w-]+ )?$EVENT)",
        ("<a> when <@x> visible",),
    ),
    (
        r"(?P<a>.+?) (?P<gone>always) (?P<b>.+)",
        ("<a> <b>",),
    ),
    (
        r"(?P<x>[\w -]+?) and (?P<y>[\w -]+?) (?:must|may) not be $SHOWN (?P<gone>together)",
        ("<x> must not be shown when <@y> visible",),
    ),
    (
        r"(?:every|each) (?P<s>[\w -]+) $MUST be without (?P<x>an? [\w -]+) or (?P<y>an? [\w -]+)",
        ("no <s> may have <x> // no <s> may have <y>",),
    ),
    # what a demand says of two things
    (
        r"(?P<s>.+?) (?P<m>$MUST) be (?P<v>\w+) (?:without|with neither) (?:an? )?(?P<x>[\w -]+?)(?: (?:n?or|and) "
        r"(?:an? )?(?P<y>[\w -]+))?",
        ("<s> <m> not be <v> with <~x> // <s> <m> not be <v> with <~y> || <s> <m> not be <v> with <~x>",),
    ),
    (
        r"(?P<s>.+?) (?P<m>$MUST) (?P<p>(?!not\b|never\b).+?),? without (?P<x>.+)",
        ("<s> <m> <p> // <s> <m> not be shown with <x>",),
        "two negations",
    ),
    (r"(?P<s>.+?) (?P<m>$MUST) (?P<p>.+?),? (?:and|but) not (?P<q>.+)", ("<s> <m> <p> // <s> <m> not be <q>",)),
    (
        r"(?P<s>.+?) (?P<m>$MUST) (?P<v>wear|have|carry|hold|show) (?P<x>.+? or .+?) and (?P<y>[^,]+)",
        ("<s> <m> <v> <x> // <s> <m> <v> <y>",),
        "side by side",
    ),
    (
        r"(?P<s>.+?) (?P<m>$MUST) (?P<p>.+?) "
        r"(?P<at>(?:on|in|at|near) (?!both|all|every|each|$NUMBER|their|its)(?:(?:the|a|an) )?[\w-]+(?: [\w-]+)?)",
        ("<at>, <s> <m> <p>", "<s> <m> <p> // <s> <m> be <at>"),
        "everywhere, or only there",
    ),
    # one rule for each
    (
        r"no (?P<x>[\w -]+?) or (?P<y>[\w -]+?) (?P<m>$MODAL .*\b(?:it|its|they|their|them)\b.*)",
        ("no <x> <m> // no <y> <m>",),
    ),
    (
        r"(?P<x>[\w -]+), (?P<y>[\w -]+) and (?P<z>[\w -]+?) (?P<m>$MODAL .*\b(?:they|their|them)\b.*)",
        ("<x> <m> // <y> <m> // <z> <m>",),
    ),
    # what people do
    (
        r"(?:do not|don't|never) "
        r"(?P<v>(?!(?:crop|zoom|edit|retouch|blur|filter|alter|photograph|film|modify|frame)\b)"
        r"(?!(?:add|put|insert|overlay|mention|write|list|offer)\b)"
        r"(?!(?:allow|permit|let|have|want|accept|include|contain|feature|share)\b)"  # the policy's own verbs
        r"(?!.*\b(?:photos?|pictures?|images?|filters?|screenshots?|collages?|videos?)\b)\w+ .+)",
        ("nobody may <v>",),
    ),
    (
        r"(?P<s>.+?) $MUST (?P<v>\w+) (?P<at>$AT) (?P<x>[^,]+), not (?P<to>$AT) (?:them|it)",
        ("<s> must <v> <at> <x> // <s> must not <v> <to> <x>",),
    ),
    (
        r"(?P<s>.+?) $MUST (?P<v>wear|carry|hold|have) (?P<x>[\w -]+?) and (?P<y>[\w -]+?) (?P<r>(?:when|while) .+)",
        ("<s> must <v> <x> <r> // <s> must <v> <y> <r>",),
    ),
    (
        r"(?P<s>.+?) (?P<m>$MUST) be (?P<p>.+?),? (?:and )?(?:never|not) (?P<q>.+)",
        ("<s> <m> be <p> // <s> <m> not be <q>",),
    ),
    (
        r"(?P<s>(?!at least\b|both\b)[^,]+?) (?P<m>$MUST) be (?P<v>shown|photographed|visible) (?P<p>[^,]+?) and "
        r"(?P<q>$AT [^,]+)",
        ("<s> <m> be <v> <p> // <s> <m> be <v> <q>",),
    ),
    (
        r"(?P<s>(?!at least\b|both\b|exactly\b|some\b)[^,]+?) (?P<m>$MUST) be (?P<p>[^,]+?) and "
        r"(?P<q>(?!.*,)(?:$STATE|visible|free of .+|clean))",
        ("<s> <m> be <p> // <s> <m> be <q>",),
    ),
    (
        r"(?P<x>the [\w -]+?) $MUST be (?P<p>(?!not\b)[\w -]+?) or (?P<y>the [\w -]+?) $MUST be (?P<q>[\w -]+)",
        ("when <x> is not <p>, <y> must be <q>",),
    ),
    (
        r"(?P<s>(?!at least\b|both\b|exactly\b)[\w' -]+?) (?P<m>$MUST) (?P<p>$ACT\b[^,]*?) and (?P<q>$ACT\b[^,]+)",
        ("<s> <m> <p> // <s> <m> <q>",),
    ),
    (
        r"(?P<s>(?!at least\b|both\b|exactly\b|every\b|all\b)[\w' -]+?) (?P<m>$NOT) be (?P<p>[\w -]+?) "
        r"or (?P<q>$STATE)",
        ("<s> <m> be <p> // <s> <m> be <q>",),
        "says, after",
    ),
    (
        r"(?P<s>[\w' -]+?) $MUST be shown with the (?P<x>[\w-]+) (?P<p>[\w-]+) and the (?P<y>[\w-]+) (?P<q>[\w-]+)",
        ("the <x> of <s> must be <p> // the <y> of <s> must be <q>",),
    ),
    # a demand, as what must not be shown
    (
        r"(?P<s>the [\w' -]+?) $MUST be (?P<p>(?!not\b|never\b)(?:(?! or | and )[^,])+)",
        ("= <@s> not <p>",),
        "at least or exactly|lacking",
    ),
    (
        r"(?:every|each) (?P<s>(?:(?!$AT\b)[\w' -])+?) $MUST be (?P<p>(?!(?:not|never|$SHOWN)\b)[^,]+)",
        ("no <s> that is not <p> may be shown",),
        "known, but not|at least or exactly|lacking",
    ),
    (
        r"(?P<s>[\w' -]+?s) $MUST be (?P<p>(?!(?:not|never|$SHOWN)\b)(?:(?! or | and )[^,])+)",
        ("<s> that are not <p> must not be shown",),
        "known, but not|at least or exactly|lacking|everywhere",
    ),
    (
        r"(?P<s>[\w' -]+?s) $MUST be (?P<p>(?!(?:not|never|$SHOWN)\b)[^,]+?) or (?P<q>[^,]+)",
        ("<s> that are neither <p> nor <q> must not be shown",),
        "known, but not|being done",
    ),
)
