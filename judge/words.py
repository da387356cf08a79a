"""Every cause, gap and remark in English. The only place where these words stand: to translate them is to write this
file again. In braces is what is known (see `causes.Why`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENGLISH = {
    # causes
    "out_of_time": "judging it took longer than the limit of {seconds:g} s",
    "outside": "{model} reads {reads} only",
    "guard_failed": "whether the model can read this picture is not known: {said}",
    "no_chain": "the rule has no preconditions, so nothing can decide it",
    "no_rule": "no rule is enforced, so nothing was decided",
    "unreachable": "{said}",
    "model_error": "{said}",
    "low_label_mass": "low label mass: yes and no together have probability {mass:.3f}, under {least}",
    "between_thresholds": "the score lies between the thresholds",
    "between_bounds": "the score lies between the bounds of this rule",
    "no_rating": "the reasoning could not be summed up as Yes or No",
    "reasoning_cut_off": "the reasoning was cut off by its limit of tokens before it came to anything",
    "reasoning_refused": "the model refused to reason about it",
    "debate_refused": "a model refused to argue about it",
    "debate_unreadable": "what was said in the debate about it could not be read",
    "debate_unclear": "the debate about it came to no decision",
    "committee_split": "several models do not agree on it: {votes}",
    "offence_refused": "the model refused to explain it",
    "offence_unreadable": "what the model said of it could not be read",
    "no_context": "it reads {fields}, which was not given with the picture: give it as context (judge check --context)",
    "cannot_read": "{model} reads no texts: name a model that reads with --model",
    "context_refused": "{said}",
    "statement_open": "{open}",
    "not_asked": "its preconditions were not asked",
    # remarks
    "of_rule": "{rule}: {why}",
    "of_rules": "{why}; not decided: {rules}",
    "of_statement": "'{statement}' is undecided ({why})",
    "distance": "distance from the drawings that the model knows: {distance:.2f} (at most 1)",
    "passed_over": "not the kind of picture that the model knows, so left out: {views}",
    "no_room": "{left} of {views} views were not looked at more closely (at most {most} closer views)",
    "all_relevant": "relevance scanning failed, so every rule was judged: {said}",
    "member_failed": "{model}, of the committee, failed: {said}",
    "step_failed": "a model failed on '{statement}', which another step decided ({branch}): {said}",
    "clip_open": "at {at}: {why}",
    "clip_unknown": "it may be violated where nobody looked",
    "clip_may": "it holds for {held}, and may hold for {maybe}, where at least {least} is a violation",
    "clip_below": "it holds for {held} ({frames}), where at least {least} is a violation",
    # gaps: what of a file was not looked at
    "cut": "the file is cut or damaged ({why})",
    "frame_cut": "frame {frame} is cut or damaged ({why})",
    "page_cut": "page {page} is cut or damaged ({why})",
    "elsewhere": "other programs may show something else: {why}",
    "page_elsewhere": "page {page} may be shown as something else by other programs: {why}",
    "frame_unread": "frame {frame} cannot be read ({why})",
    "frames_unread": "frames {first} to {last} cannot be read ({why})",
    "frame_lost": "frame {frame} cannot be read again ({why})",
    "frames_unlike": "{left} of {total} frames differ from the {judged} that were judged and were not looked at: "
    "{numbers}",
    "following": "what follows frame {frame} was not looked at: {why}",
    "following_most": "what follows frame {frame} was not looked at: no more than {frame} frames are",
    "following_lost": "what follows frame {frame} cannot be found",
    "fewer_frames": "it should have {announced} frames, but ends after {held}",
    "other_frames": "one of {total} frames or pages; the others were not judged",
    "decoding_out_of_time": "decoding it takes longer than {seconds:g} s",
    "decoding_out_of_pixels": "more than {megapixels} megapixels to decode in all its frames and scans",
    "warned": "its decoder warns: {said}",
    "page_pictures": "page {page} holds {more} more pictures (SubIFDs), which were not judged",
    "files_in_one": "it holds {files} files in one, of which one was judged",
    "film_beside": "it holds a film beside its pictures, which was not judged",
    "films": "it holds {films} films, of which one was judged",
    "picture_and_film": "it holds a picture and a film, of which one was judged",
    "one_of_pictures": "it holds {held} pictures, of which 1 was judged",
    "some_of_pictures": "it holds {held} pictures, of which {judged} were judged",
    "scattered": "its parts are too scattered to look between them",
    "another_behind": "{bytes} bytes behind the end of the picture hold another picture, which was not judged",
    "another_between": "bytes between its parts hold another picture, which was not judged",
    "behind_unsearched": "{bytes} bytes behind the end of the picture were not looked through: {why}",
    "between_unsearched": "bytes between its parts were not looked through: {why}",
    "another_in_clip": "the file holds another film or picture, which was not judged: judge that by itself",
    "clips_unseen_more": "and {more} more stretches were not looked at",
    "clip_unseen": "{start} to {end} was not looked at: {why}",
    # why it counts as cut
    "said": "{said}",
    "no_end": "it ends before its end mark",
    "no_end_mark": "no end mark",
    "no_header": "no header",
    "pixels_end": "it ends before its pixels do",
    "pixels_beyond": "its pixels lie beyond the end of the file",
    "pixels_unpacked": "its pixels cannot be unpacked",
    "pixels_missing": "colours or detail are missing",
    "pixels_more": "more pixels than its header announces",
    "rows_missing": "rows are missing",
    "checksum": "checksum of its {chunk}",
    "frames_announced": "{held} frames where {announced} are announced",
    "box_short": "a box ends too early",
    "boxes_most": "it is made of more than {most} boxes",
    # why other programs may show something else
    "profile_parts": "parts of its colour profile are missing, or stand where not all programs look",
    "profile_strange": "its colour profile is damaged, or none of the ordinary ones",
    "profile_unread": "its colour profile cannot be read",
    "gamma": "its gamma is none of a screen",
    "colours_unread": "its colours are given in a way that is not read here",
    "primaries_unread": "its colours are given (cHRM) in a way that is not read here",
    "coding_unread": "its colours are coded ({where}) in a way that is not read here",
    "coding_unsaid": "nothing outside its pixels says how its colours are coded",
    "part_shown": "it says that only a part of it is to be shown",
    "misplaced": "its {chunk} stands where no program has to heed it",
    "key_unread": "its transparent colour is not read here",
    "palette_short": "its palette of greys is not as long as its pixels need",
    "runs": "it is made of runs, which may leave pixels out",
    "opacity_unread": "it names bits of opacity, which were not read",
    "frame_open": "its first frame leaves a part of the picture open",
    "frame_cleared": "one of its frames is cleared to a colour, or to none",
    "frame_leaves": "what one of its frames leaves behind is not said",
    "tag_twice": "one of its tags stands twice",
    "strips_and_tiles": "it has pixels in strips and others in tiles",
    "depth": "it has depth",
    "white_unsaid": "nothing says which of its values are white",
    "turned": "it is turned or mirrored by other than quarters",
    "see_through": "it is see-through, and was looked at without its transparency",
    # why a stretch of a clip was not looked at
    "clip_missing": "the file ends, or cannot be read any further",
    "clip_damaged": "damaged ({said})",
    "clip_most": "at most {most} frames are judged",
    "clip_kept": "more frames differ than are kept; cut it into parts",
    "clip_judging": "judging the clip took longer than {seconds:g} s",
    # notes: what changes nothing
    "frames_judged": "{total} frames or pages; judged number {numbers}",
    "frames_alike": "{total} frames or pages; judged number {numbers}; the others look like these",
    "transparent": "has transparency; judged {grounds}",
    "metadata": "its metadata are damaged",
    "bytes_behind": "{bytes} bytes behind the end of the picture were not looked at",
    "like_a_film": "{bytes} bytes behind the end of the picture look like a film, which was not judged",
    "clip_frames": "{judged} of {total} frames were judged",
    "clip_frames_alike": "{judged} of {total} frames were judged; the others look like these or lie between two",
}
AND = " and "  # before the last of several grounds


def in_words(value: str, known: Mapping[str, Any]) -> str:
    """A value (`no_chain`) in words, with what is known filled in.

    Raises:
        KeyError: there are no words for it, or something that they need is not known.
    """
    return ENGLISH[value].format(**known)


def joined(names: tuple[str, ...]) -> str:
    """Several names, as a sentence lists them."""
    return AND.join([", ".join(names[:-1])] * (len(names) > 1) + list(names[-1:]))
