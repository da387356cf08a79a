"""Every frame of a clip, decoded once, in order, and made small at once. Runs in the process that `child` bounds.

Knows PyAV. What goes wrong is told, not raised, once a first frame was seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from judge.media.budget import megapixels
from judge.media.clips.holding import Holding
from judge.media.clips.promises import Promised, promised
from judge.media.clips.upright import SEE_THROUGH, Upright

if TYPE_CHECKING:
    from collections.abc import Callable

_THREADS = 2
_LATEST = 10**10  # milliseconds: no film is longer
_MOST_DAMAGE = 100  # stretches that are told by themselves
_SLACK = 1_000  # milliseconds by which a container may announce more than there is
# Nothing that reads further files or addresses, and no format but those of films; likewise codecs.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,ogg,asf,asf_o,mpeg,mpegts,mpegvideo,rm,mxf"
CODECS = (
    "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg2video,mpeg1video,mjpeg,theora,h263,h263p,h263i,flv,vp6,vp6f,vp6a,"
    "msmpeg4v1,msmpeg4v2,msmpeg4,wmv1,wmv2,wmv3,vc1,prores,dnxhd,rv10,rv20,rv30,rv40,svq1,svq3,cinepak,indeo3,"
    "dvvideo,ffv1,huffyuv,ffvhuff,utvideo,rawvideo,png,hap,vvc,cfhd"
)
_STEADY = ("mpegts", "mpeg", "mpegvideo")  # formats in which no frame is shown for longer than others
_HOLE = 3  # times the length of a frame, without the next
_UNSHOWN = ("vp8", "libvpx")  # codecs that store frames which are never shown
_PQ = 16  # of transfer characteristics: brightness in units of light


class NoFilm(Exception):
    """There is nothing to be seen; what is said of it."""


@dataclass
class DecodedClip:
    """What was found. duration_ms: that was announced, 0 where nothing was. end_ms: of what was decoded. damaged:
    stretches of time and what was said of them. rate: frames a second, 0 where nothing is said. ended: why
    decoding stopped before the end: `time` or `broken`. films: streams of moving pictures. picture: whether a
    still one lies beside them. strange: what other programs may show otherwise: `turned`, `see_through`,
    `light`, `sizes`, `another` film or picture in the file."""

    format: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    turned: int = 0
    duration_ms: int = 0
    end_ms: int = 0
    frames: int = 0
    rate: float = 0.0
    films: int = 1
    picture: bool = False
    ended: str = ""
    damaged: list[tuple[int, int, str]] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    held: list[tuple[int, int, int, bool, int, bytes]] = field(default_factory=list)

    def odd(self, what: str) -> None:
        """Note something strange, once."""
        if what not in self.strange:
            self.strange.append(what)


def look_through(
    file: BinaryIO, pixels: int, seconds: float, clock: Callable[[], float] = time.monotonic
) -> DecodedClip:
    """Decode a clip. pixels: most of one frame. seconds: most that it may take, looked at between frames.

    Raises:
        NoFilm: no frame can be had of it.
    """
    until = clock() + seconds
    with opened(file) as container:
        looked = _looked(container, pixels, until, clock)
    if looked.ended != "time":  # what was decoded may be all that is there, and not all that there was
        _hold_to(promised(file), looked)
    return looked


def _hold_to(said: Promised, looked: DecodedClip) -> None:
    """Note where a file ends before its container says, and what else it holds."""
    if said.another:
        looked.odd("another")
    looked.duration_ms = max(looked.duration_ms, said.ms)
    if said.cut or looked.duration_ms > looked.end_ms + max(_SLACK, looked.end_ms // 50):
        looked.ended = "broken"


def opened(file: BinaryIO) -> Any:
    """The container of a film.

    Raises:
        NoFilm: it is none, or in a format that is not read.
    """
    import av
    import av.logging

    av.logging.set_level(None)
    options = {"format_whitelist": FORMATS, "codec_whitelist": CODECS, "protocol_whitelist": ""}
    try:
        return av.open(file, mode="r", container_options=options, options=options)
    except (av.FFmpegError, ValueError, OverflowError) as error:
        raise NoFilm(f"damaged, or in a format that is not read ({_said(error)})") from error


def _looked(container: Any, pixels: int, until: float, clock: Callable[[], float]) -> DecodedClip:
    stream, looked = chosen(container, pixels)
    seen = _Seeing(stream, looked, container.start_time)
    for frame, said in frames_of(container, stream, looked):
        if clock() > until:
            looked.ended = "time"
            break
        if frame is None:
            seen.lost(said)
        elif frame.width * frame.height > pixels:
            seen.lost(_too_large(pixels, frame.width, frame.height))
        else:
            seen.add(frame)
    if not looked.frames:
        raise NoFilm(why_nothing(looked))
    seen.finish()
    return looked


def chosen(container: Any, pixels: int) -> tuple[Any, DecodedClip]:
    """The film that a player shows, ready to be decoded, and what is known of it before."""
    streams = [one for one in container.streams.video if not _is_cover(one)]
    if not streams:
        raise NoFilm("it holds sound and no moving picture" if container.streams.audio else "it holds no film")
    stream = next((one for one in streams if "default" in str(one.disposition).lower()), streams[0])
    context = stream.codec_context
    if context is None:
        raise NoFilm("its film is coded in a way that is not read")
    if context.width * context.height > pixels:
        raise NoFilm(_too_large(pixels, context.width, context.height))
    covers = len(container.streams.video) > len(streams)
    looked = DecodedClip(container.format.name, context.name, films=len(streams), picture=covers)
    if str(stream.metadata.get("alpha_mode", "0")) != "0":
        looked.odd("see_through")
    looked.duration_ms = _announced(container, stream)
    looked.rate = min(10.0**6, max(0.0, float(stream.average_rate or stream.guessed_rate or 0)))
    context.thread_count = _THREADS
    stream.thread_type = "AUTO"
    return stream, looked


def why_nothing(looked: DecodedClip) -> str:
    if looked.ended == "time":
        return "decoding its first frame takes longer than its limit"
    return looked.damaged[0][2] if looked.damaged else "no frame in it can be decoded"


def frames_of(container: Any, stream: Any, looked: DecodedClip) -> Iterator[tuple[Any | None, str]]:
    """Frames; None, and what is said, where one cannot be decoded."""
    import av

    packets = container.demux(stream)
    waiting: list[int] = []  # times of frames that were read and did not come yet
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except MemoryError:
            looked.ended = "broken"
            return
        except (av.FFmpegError, ValueError) as error:
            yield None, _said(error)
            looked.ended = "broken"
            return
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError, MemoryError) as error:
            yield None, _said(error)
            continue
        if packet.is_corrupt:
            yield None, "a part of the file is cut"
        if packet.pts is not None and packet.size and not packet.is_discard and looked.codec not in _UNSHOWN:
            waiting.append(packet.pts)
        for frame in frames:
            if frame.pts is not None:  # frames come in the order of their times: what was to show before never will
                if looked.frames and any(one < frame.pts for one in waiting):
                    yield None, "its decoder left frames out"
                waiting = [one for one in waiting if one > frame.pts]
            yield frame, ""


class _Seeing:
    """Puts frames in their place in time, and holds small copies of them, upright and as wide as they are shown."""

    def __init__(self, stream: Any, looked: DecodedClip, start: int | None) -> None:
        self._stream, self._looked, self._holding = stream, looked, Holding(announced_ms=looked.duration_ms)
        self._steady = looked.format in _STEADY
        self._begin = start / 1_000_000 if start is not None else None
        self._last = -1  # when the frame before shows, in milliseconds
        self._length = 0  # and for how long
        self._since: tuple[int, str] | None = None  # from when on something is damaged, and what was said
        self._upright = Upright(stream, looked.odd)

    def add(self, frame: Any) -> None:
        """Take the next frame."""
        ms = self._time(frame)
        if ms > _LATEST:
            self.lost("times that no film has")
            return
        if self._steady and self._last >= 0 and ms - self._last > _HOLE * self._length and self._since is None:
            self._since = self._last + self._length, "frames are missing"
            self._holding.lost()
        if self._since is not None:
            self._damaged_until(ms)
        if frame.is_corrupt:
            self._since = self._since or (ms, "its decoder made up what is missing")
        self._see(frame, ms)
        self._last, self._length = ms, _length(frame, self._stream)
        self._looked.end_ms = ms + self._length
        self._looked.frames += 1

    def lost(self, said: str) -> None:
        """Something between two frames cannot be decoded."""
        self._holding.lost()
        self._since = self._since or (max(self._last, 0), said)

    def finish(self) -> None:
        """No frame follows."""
        if self._since is not None:
            self._damaged_until(self._looked.end_ms)
        self._looked.held = self._holding.frames(self._looked.end_ms)

    def _time(self, frame: Any) -> int:
        if frame.pts is None:
            return max(self._last, 0) + self._length
        at = _seconds(frame.pts, frame.time_base or self._stream.time_base)
        if self._begin is None:
            self._begin = at
        return max(round((at - self._begin) * 1000), self._last, 0)

    def _damaged_until(self, ms: int) -> None:
        start, said = self._since or (ms, "")
        damaged = self._looked.damaged
        if damaged and (len(damaged) == _MOST_DAMAGE or damaged[-1][1] >= start):  # told as one
            start, _, said = damaged.pop()
        damaged.append((start, ms, said))
        self._since = None

    def _see(self, frame: Any, ms: int) -> None:
        shown, degrees = self._upright.shown(frame)
        if frame.format.name.startswith(SEE_THROUGH):
            self._looked.odd("see_through")
        if int(frame.color_trc or 0) == _PQ:
            self._looked.odd("light")
        if not self._looked.frames:
            self._looked.width, self._looked.height = shown if degrees in (0, 180) else shown[::-1]
            self._looked.turned = degrees
        self._holding.add(ms, *self._upright.copies(frame))


def _seconds(count: int, base: Any) -> float:
    """So many times a fraction, without making another fraction, which for every frame takes long."""
    return float(count * base.numerator / base.denominator)


def _announced(container: Any, stream: Any) -> int:
    """Milliseconds that the file says it lasts; 0 where it says nothing."""
    if stream.duration is not None and stream.time_base is not None:
        return min(_LATEST, max(0, round(float(stream.duration * stream.time_base) * 1000)))
    return min(_LATEST, max(0, round((container.duration or 0) / 1000)))


def _length(frame: Any, stream: Any) -> int:
    """Milliseconds for which a frame is shown, as far as is said."""
    if frame.duration and frame.time_base:
        return min(_LATEST, max(1, round(_seconds(frame.duration, frame.time_base) * 1000)))
    rate = stream.average_rate or stream.guessed_rate
    return min(_LATEST, max(1, round(1000 / float(rate)))) if rate else 40


def _too_large(pixels: int, width: int, height: int) -> str:
    return f"more than {megapixels(pixels)} megapixels: {width} x {height}"


def _is_cover(stream: Any) -> bool:
    return "attached_pic" in str(stream.disposition).lower()


def _said(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error)
    return " ".join(said.split())[:200] or type(error).__name__
