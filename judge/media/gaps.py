"""What of a picture's file was not looked at, may be missing, or may look otherwise elsewhere: as values.

Their words are in `judge.words`.
"""

from __future__ import annotations

from enum import StrEnum

from judge.causes import Why
from judge.errors import JudgeError


class Gap(StrEnum):
    """What keeps a picture from being called safe, whatever was seen of it."""

    CUT = "cut"  # something is missing from the file: why is a `Detail`
    FRAME_CUT = "frame_cut"
    PAGE_CUT = "page_cut"
    ELSEWHERE = "elsewhere"  # other programs may show something else: why is a `Detail`
    PAGE_ELSEWHERE = "page_elsewhere"
    FRAME_UNREAD = "frame_unread"
    FRAMES_UNREAD = "frames_unread"
    FRAME_LOST = "frame_lost"  # read once, and not again
    FRAMES_UNLIKE = "frames_unlike"  # differ from what was judged, and were not looked at
    FOLLOWING = "following"  # what follows a frame was not looked at
    FOLLOWING_MOST = "following_most"
    FOLLOWING_LOST = "following_lost"
    FEWER_FRAMES = "fewer_frames"
    OTHER_FRAMES = "other_frames"  # of an image in memory
    OUT_OF_TIME = "decoding_out_of_time"
    OUT_OF_PIXELS = "decoding_out_of_pixels"
    WARNED = "warned"  # by the decoder
    PAGE_PICTURES = "page_pictures"
    FILES_IN_ONE = "files_in_one"
    FILM_BESIDE = "film_beside"
    FILMS = "films"
    PICTURE_AND_FILM = "picture_and_film"
    ONE_OF_PICTURES = "one_of_pictures"
    SOME_OF_PICTURES = "some_of_pictures"
    SCATTERED = "scattered"
    ANOTHER_BEHIND = "another_behind"
    ANOTHER_BETWEEN = "another_between"
    BEHIND_UNSEARCHED = "behind_unsearched"
    BETWEEN_UNSEARCHED = "between_unsearched"
    ANOTHER_IN_CLIP = "another_in_clip"  # behind its end, or in parts of the file that it makes no use of
    CLIPS_UNSEEN_MORE = "clips_unseen_more"  # stretches of a clip that are not told one by one
    CLIP_UNSEEN = "clip_unseen"  # a stretch of time of a clip: why is a `Detail` or a `Gap`


class Detail(StrEnum):
    """Why a file counts as cut, or may be shown as something else."""

    SAID = "said"  # by a decoder, in its own words
    NO_END = "no_end"
    NO_END_MARK = "no_end_mark"
    NO_HEADER = "no_header"
    PIXELS_END = "pixels_end"
    PIXELS_BEYOND = "pixels_beyond"
    PIXELS_UNPACKED = "pixels_unpacked"
    PIXELS_MISSING = "pixels_missing"
    PIXELS_MORE = "pixels_more"
    ROWS_MISSING = "rows_missing"
    CHECKSUM = "checksum"
    FRAMES_ANNOUNCED = "frames_announced"
    BOX_SHORT = "box_short"
    BOXES_MOST = "boxes_most"
    PROFILE_PARTS = "profile_parts"
    PROFILE_STRANGE = "profile_strange"
    PROFILE_UNREAD = "profile_unread"
    GAMMA = "gamma"
    COLOURS_UNREAD = "colours_unread"
    PRIMARIES_UNREAD = "primaries_unread"
    CODING_UNREAD = "coding_unread"
    CODING_UNSAID = "coding_unsaid"
    PART_SHOWN = "part_shown"
    MISPLACED = "misplaced"
    KEY_UNREAD = "key_unread"
    PALETTE_SHORT = "palette_short"
    RUNS = "runs"
    OPACITY_UNREAD = "opacity_unread"
    FRAME_OPEN = "frame_open"
    FRAME_CLEARED = "frame_cleared"
    FRAME_LEAVES = "frame_leaves"
    TAG_TWICE = "tag_twice"
    STRIPS_AND_TILES = "strips_and_tiles"
    DEPTH = "depth"
    WHITE_UNSAID = "white_unsaid"
    TURNED = "turned"
    SEE_THROUGH = "see_through"
    CLIP_MISSING = "clip_missing"  # from here on: why a stretch of a clip was not looked at
    CLIP_DAMAGED = "clip_damaged"
    CLIP_MOST = "clip_most"
    CLIP_KEPT = "clip_kept"
    CLIP_JUDGING = "clip_judging"


class Note(StrEnum):
    """What is said of a file that changes nothing."""

    FRAMES_JUDGED = "frames_judged"
    FRAMES_ALIKE = "frames_alike"  # the same, and those that were left out look like these
    TRANSPARENT = "transparent"
    METADATA = "metadata"
    BYTES_BEHIND = "bytes_behind"
    LIKE_A_FILM = "like_a_film"
    CLIP_FRAMES = "clip_frames"
    CLIP_FRAMES_ALIKE = "clip_frames_alike"  # the same, where all was looked at


class Broken(ValueError):
    """A file whose parts are not what they should be; `why` says how."""

    def __init__(self, why: Why) -> None:
        super().__init__(str(why))
        self.why = why


def cut(why: Why) -> Why:
    """The gap of a file that something is missing from."""
    return Why.of(Gap.CUT, why=why)


def elsewhere(why: Why) -> Why:
    """The gap of a file that other programs may show otherwise."""
    return Why.of(Gap.ELSEWHERE, why=why)


def raised(error: Exception) -> Why:
    """Why something of a file cannot be read, from what was raised: in its own words, in one line."""
    if isinstance(error, Broken):
        return error.why
    said = error.message if isinstance(error, JudgeError) else str(error)
    return Why.of(Detail.SAID, said=" ".join(said.split()) or type(error).__name__)
