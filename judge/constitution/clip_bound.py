"""How long, or how often, a rule must hold in a clip: `2 frames`, `1.5 s` or `20 %`. What can be read in two ways is
refused with both."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from judge.settings import Frozen

Unit = Literal["frames", "s", "%"]
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(\S*)", re.ASCII)
_UNITS: dict[str, Unit] = {"frame": "frames", "frames": "frames", "s": "s", "%": "%"}
_SECONDS = {
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
}
_PERCENT = ("percent", "pct", "procent", "prozent")
_COMMA = re.compile(r"(\d+),(\d+)(.*)", re.ASCII)
_CLOCK = re.compile(r"(\d+):(\d\d)", re.ASCII)


def _read(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise _refused("{shown} is no amount: write such as `2 frames`, `1.5 s` or `20 %`", shown=_shown(given))
    written = str(given).strip()
    if comma := _COMMA.fullmatch(written):
        whole, part, unit = comma.groups()
        raise _between(written, f"{whole}.{part}{unit}", f"{whole}{part}{unit}")
    if said := _CLOCK.fullmatch(written):
        first, second = int(said[1]), int(said[2])
        raise _between(written, f"{60 * first + second} s", f"{3600 * first + 60 * second} s")
    found = _AMOUNT.fullmatch(written)
    if found is None:
        raise _refused("`{shown}` is no amount: write such as `2 frames`, `1.5 s` or `20 %`", shown=written[:80])
    number, unit = float(found[1]), found[2]
    plain = f"{number:g}"
    if not unit:
        if number < 1:
            raise _between(written, f"{plain} s", f"{number * 100:g} %")
        raise _between(written, *((f"{plain} s", f"{plain} %") if number % 1 else (_frames(number), f"{plain} s")))
    if unit.lower() in _SECONDS:
        raise _refused("`{shown}` is not in seconds: write `{one} s`", shown=written, one=_seconds(number, unit))
    if unit.lower() in _PERCENT and number <= 100:
        raise _refused("`{shown}` has another word for `%`: write `{one} %`", shown=written, one=plain)
    if unit not in _UNITS:
        shares = [f"{plain} %"] if number <= 100 else []
        raise _between(written, f"{plain} s", _frames(number), *shares)
    if not number:
        raise _refused("`{shown}` is nothing: leave `clip` out, or write `1 frame`", shown=written)
    if _UNITS[unit] == "frames" and number < 1:
        raise _refused("`{shown}` is less than a frame: write `1 frame`", shown=written)
    if _UNITS[unit] == "frames" and number % 1:
        raise _between(written, _frames(int(number)), _frames(int(number) + 1))
    if unit == "%" and number > 100:
        raise _refused("`{shown}` is more than the whole clip: write `100 %`, or an amount of `s`", shown=written)
    return _frames(number) if _UNITS[unit] == "frames" else f"{plain} {unit}"


class ClipBound(Frozen):
    """How long or how often a rule must hold in a clip to be violated: in all of it together, not at one stretch."""

    at_least: Annotated[str, BeforeValidator(_read)]

    @model_validator(mode="before")
    @classmethod
    def _comma(cls, given: Any) -> Any:
        """What YAML took apart at a decimal comma (`{at_least: 1,5 s}`) is told as it was written."""
        if isinstance(given, dict) and "at_least" in given:
            rest = [key for key, value in given.items() if key != "at_least" and value is None]
            if len(rest) == 1 and _COMMA.fullmatch(written := f"{given['at_least']},{rest[0]}"):
                _read(written)
        return given

    @property
    def amount(self) -> float:
        """How many of the unit."""
        return float(self.at_least.partition(" ")[0])

    @property
    def unit(self) -> Unit:
        """Frames of the clip, seconds, or hundredths of its time."""
        return _UNITS[self.at_least.partition(" ")[2]]


def _frames(number: float) -> str:
    return "1 frame" if number == 1 else f"{number:.0f} frames"


def _seconds(number: float, unit: str) -> str:
    return f"{number * _SECONDS[unit.lower()]:g}"


def _between(written: str, *readings: str) -> PydanticCustomError:
    shown = " or ".join(f"`{one}`" for one in readings)
    return _refused("`{shown}` may mean {readings}: write one of them", shown=written[:80], readings=shown)


def _refused(message: Any, **known: str) -> PydanticCustomError:
    return PydanticCustomError("clip_amount", message, known)


def _shown(given: Any) -> str:
    return "nothing" if given is None else f"`{str(given)[:80]}`"
