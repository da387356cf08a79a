"""Checks of what is between the judge and the model: prompt, tokens, weights, sharing, replies, likeliest tokens.

They hold what the judge makes of the model against plain passes, so they need a model that shows its inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from judge.ports import Conversation, Greedy, Inside, ShowsLikeliest, Turn
from judge.probing.drawn import drawings, large
from judge.probing.report import Line
from judge.probing.subject import ProbedModel
from judge.thinking import opened
from judge.verdict import ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image

SMALL, BIG = 1_000_000, 12_000_000  # pixels
MANY = 4096  # tokens of a picture from which it is slow
LONGEST = 4096  # tokens of the longer prefix that sharing is tried on, at most
FILLER = "This sentence only makes the text longer and changes nothing.\n"
CLOSE, HALF_CLOSE = 1e-3, 0.1  # of natural logarithms of probabilities; rounded weights tell equal ways apart
FAR = 10  # beyond so many times as much they are not equal
TOKENS = 24  # of a reply held against `generate`
TOP = 6


def prompt_tail(subject: ProbedModel) -> Iterator[Line]:
    """Whether the answer begins right after the prompt, not within a block of thinking."""
    if subject.inside is None:
        return
    tail = subject.inside.tail(subject.method.instruction)
    shown = repr(tail[-60:])
    if opened(tail) is not None:
        figure = f"the prompt ends within a block of thinking: {shown}"
        advice = (
            "yes and no do not stand there, so every answer is a guess: take the instruct variant of the model, or a "
            "chat template that knows `enable_thinking`"
        )
        yield Line(check="prompt tail", outcome="fail", figure=figure, advice=advice)
    else:
        yield Line(check="prompt tail", outcome="pass", figure=f"the answer follows {shown}")


def first_token(subject: ProbedModel) -> Iterator[Line]:
    """Whether the text begins with the tokenizer's own beginning, once."""
    if subject.inside is None:
        return
    bos, ids = subject.inside.bos, _ids(subject.inside, subject)
    count = next((index for index, token in enumerate(ids) if token != bos), len(ids)) if bos is not None else 0
    if bos is None:
        figure = "the tokenizer begins a text with no token of its own"
    else:
        figure = f"token {bos}, which every text is to begin with, stands there {count} times"
    if bos is not None and count != 1:
        advice = "an answer to a text that begins wrongly means little: mend the chat template of the checkpoint"
        yield Line(check="first token", outcome="fail", figure=figure, advice=advice, values={"times": count})
    else:
        yield Line(check="first token", outcome="pass", figure=figure, values={"times": count})


def _ids(inside: Inside, subject: ProbedModel) -> tuple[int, ...]:
    one = drawings()[0]
    return inside.prompted(subject.ask(one.picture, one.true)).ids


def image_tokens(subject: ProbedModel) -> Iterator[Line]:
    """How many tokens a picture takes: of one and of twelve megapixels."""
    if subject.inside is None:
        return
    text = drawings()[0].true
    bare = len(subject.inside.prompted(subject.ask(None, text)).ids)
    small, big = (
        len(subject.inside.prompted(subject.ask(large(pixels, wide=True), text)).ids) - bare for pixels in (SMALL, BIG)
    )
    longest = subject.inside.longest
    figure = f"{small} tokens at 1 megapixel, {big} at 12, beside {bare} of text"
    values: dict[str, float] = {"at_1_megapixel": small, "at_12_megapixels": big, "text": bare}
    if longest is not None and big + bare > longest:
        figure += f"; the model reads {longest} at most"
        advice = "large pictures fail and go to review: bound the pixels (`max_pixels`)"
        yield Line(check="image tokens", outcome="fail", figure=figure, advice=advice, values=values)
    elif big > MANY:
        advice = "large pictures are slow: bound the pixels (`max_pixels`)"
        yield Line(check="image tokens", outcome="warn", figure=figure, advice=advice, values=values)
    elif big <= 0 or small <= 0:
        advice = "the chat template has no place for a picture: take the template of the model's own repository"
        yield Line(check="image tokens", outcome="fail", figure=figure, advice=advice, values=values)
    else:
        yield Line(check="image tokens", outcome="pass", figure=figure, values=values)


def weights(subject: ProbedModel) -> Iterator[Line]:
    """Which part of the weights is in which number format."""
    if subject.inside is None:
        return
    held = subject.inside.weights()
    total = sum(held.values())
    shares = {name: count / total for name, count in sorted(held.items(), key=lambda one: -one[1])}
    figure = f"{total / 1e6:,.1f} M weights: " + ", ".join(f"{share:.0%} {name}" for name, share in shares.items())
    values = {"weights": total, **{f"share_{name}": share for name, share in shares.items()}}
    wanted, full = subject.mllm.identity.quantization, ("float32", "bfloat16", "float16")
    small = sum(share for name, share in shares.items() if name not in full)
    if wanted not in ("none", "") and small < 0.5:
        advice = "most weights stay large (experts of a mixture often do): it saves little memory, and may not fit"
        figure = f"asked for {wanted}: {figure}"
        yield Line(check="weights", outcome="warn", figure=figure, advice=advice, values=values)
    else:
        yield Line(check="weights", outcome="pass", figure=figure, values=values)


def sharing(subject: ProbedModel) -> Iterator[Line]:
    """Whether questions asked together on a shared prefix are answered as each is alone: at two lengths of the text,
    about pictures of two sizes."""
    inside = subject.inside
    if inside is None:
        return
    short, texts = subject.method.instruction, [text for one in drawings()[:2] for text in (one.true, one.false)]
    pictures = (drawings()[0].picture, large(300_000, wide=True))
    worst, lengths, torn = 0.0, set(), 0
    for instruction in (short, _longer(inside, subject, pictures[-1])):
        for picture in pictures:
            asks = [subject.ask(picture, text, instruction) for text in texts]
            subject.check_time()
            together = inside.shared(asks)
            prompted = inside.prompted(asks[0])
            lengths.add(len(prompted.ids))
            torn += prompted.ids != prompted.whole
            for ask, shared in zip(asks, together, strict=True):
                subject.check_time()
                worst = max(worst, *(abs(one - other) for one, other in zip(shared, inside.alone(ask), strict=True)))
    close = _close(subject.mllm.identity)
    sizes = ", ".join(map(str, sorted(lengths)))
    figure = f"largest difference of a log-probability {worst:.1e}, with texts of {sizes} tokens"
    if inside.window is not None and max(lengths) <= inside.window:
        figure += f" (its window of {inside.window} tokens was not passed)"
    values = {"largest_difference": worst, "allowed": close, "longest_tokens": max(lengths)}
    if worst <= close and inside.shares:
        yield Line(check="sharing", outcome="pass", figure=figure, values=values)
        return
    if worst <= close:
        figure = f"nothing is shared: every question is asked on its own; {figure}"
        advice = "it is right but slow (see speed): another --dtype or --quantize may share, or a server"
        yield Line(check="sharing", outcome="warn", figure=figure, advice=advice, values=values)
        return
    advice = "please report the model: answers on a shared prefix are not its own"
    if "8bit" in subject.mllm.identity.quantization:
        advice = (
            "LLM.int8 (8 bits) looks for outliers in all that is computed together, so an answer depends on what is "
            "computed beside it: --quantize 4bit has no such dependence"
        )
    if torn:
        advice = "the statement is cut into other tokens where it joins the text before it: please report the tokenizer"
    yield Line(
        check="sharing", outcome="fail" if worst > close * FAR else "warn", figure=figure, advice=advice, values=values
    )


def _close(model: ModelIdentity) -> float:
    """How far log-probabilities of equal ways may lie apart."""
    return CLOSE if (model.dtype, model.quantization) == ("float32", "none") else HALF_CLOSE


def _longer(inside: Inside, subject: ProbedModel, picture: Image) -> str:
    """The instruction behind so much text that a sliding window is passed, within what the model reads."""
    short, text = subject.method.instruction, drawings()[0].true
    base = len(inside.prompted(subject.ask(picture, text)).ids)
    more = len(inside.prompted(subject.ask(picture, text, FILLER + short)).ids) - base
    wanted = min(max(2 * base, int(1.3 * (inside.window or 0))), LONGEST)
    if inside.longest is not None:
        wanted = min(wanted, int(0.8 * inside.longest))
    return FILLER * max(1, (wanted - base) // max(1, more)) + short


def replies(subject: ProbedModel) -> Iterator[Line]:
    """Whether a reply is what the model's own library generates, for conversations about two pictures at once."""
    if subject.inside is None:
        return
    chosen = drawings()[0], drawings()[7]
    talks = [Conversation(one.picture, (Turn("user", subject.method.reasoning(one.true)),)) for one in chosen]
    subject.check_time()
    said = subject.mllm.reply(talks, max_tokens=TOKENS)
    leads = []
    for talk, text in zip(talks, said, strict=True):
        subject.check_time()
        made = subject.inside.generated(talk, TOKENS)
        if made.texts and made.texts[-1] != text:
            leads.append(_lead(made, text))
    close = _close(subject.mllm.identity)
    same = len(talks) - len(leads)
    figure = f"{same} of {len(talks)} replies of {TOKENS} tokens are what `generate` gives"
    values = {"same": same, "replies": len(talks), "largest_lead": max(leads, default=0.0)}
    if leads:
        figure += f"; the others part where one token leads by {max(leads):.3f}"
    if max(leads, default=0.0) > close:
        advice = "please report the model: its reasoning is not its own"
        yield Line(check="replies", outcome="fail", figure=figure, advice=advice, values=values)
    else:
        yield Line(check="replies", outcome="pass", figure=figure, values=values)


def _lead(made: Greedy, text: str) -> float:
    """How surely `generate` chose the first token that the reply does not have."""
    for grown, lead in zip(made.texts, made.leads, strict=True):
        if not text.startswith(grown.rstrip("\N{REPLACEMENT CHARACTER}")):
            return lead
    return made.leads[-1]


def likeliest_tokens(subject: ProbedModel) -> Iterator[Line]:
    """What the model would say first, beside what counts as an answer."""
    shows = subject.inside or subject.mllm
    if not isinstance(shows, ShowsLikeliest):
        return
    one = drawings()[0]
    subject.check_time()
    top = shows.likeliest(subject.ask(one.picture, one.true), TOP)
    if not top:
        return  # a server that lists no tokens
    listed = ", ".join(f"{token.text!r} {token.probability:.3f}{' (counts)' * token.counts}" for token in top)
    values = {"counted": sum(token.probability for token in top if token.counts), "first": top[0].probability}
    if top[0].counts:
        yield Line(check="likeliest tokens", outcome="pass", figure=listed, values=values)
    else:
        advice = "it would rather say something else than yes or no: see label mass"
        yield Line(check="likeliest tokens", outcome="warn", figure=listed, advice=advice, values=values)
