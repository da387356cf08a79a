"""What a rule calls the pictures that it is about: a closed list (docs/rule-grammar.md). Knows words alone.

A rule about one kind of picture holds for that kind only, which must be seen in the picture itself: that it is a
screenshot can be, that it is a post or a frame of a video can not.
"""

from __future__ import annotations

from judge.compiler.grammar.lexicon import word_set

# The picture that is judged, whatever it is.
ITSELF = word_set(
    "content imagery media photo photos photograph photographs picture pictures image images shot shots "
    "snapshot snapshots"
)
# Kinds that a picture itself shows: `the picture is a screenshot` must hold too.
KINDS = {
    "screenshot": "screenshot",
    "screenshots": "screenshot",
    "selfie": "selfie",
    "selfies": "selfie",
    "illustration": "illustration",
    "illustrations": "illustration",
    "meme": "meme",
    "memes": "meme",
    "advert": "advert",
    "adverts": "advert",
    "ad": "ad",
    "ads": "ad",
    "advertisement": "advertisement",
    "advertisements": "advertisement",
    "collage": "collage",
    "collages": "collage",
    "scan": "scan",
    "scans": "scan",
    "mugshot": "mugshot",
    "mugshots": "mugshot",
    "headshot": "headshot",
    "headshots": "headshot",
    "close-up": "close-up",
    "close-ups": "close-up",
    "panorama": "panorama",
    "panoramas": "panorama",
}
# How a picture itself looks: before `photos` these say so of the picture that is judged.
LOOKS = word_set(
    "blurry blurred grainy pixelated dark black-and-white monochrome sepia stock mirrored upside-down sideways tilted "
    "rotated cropped stretched distorted overexposed underexposed over-exposed under-exposed unfocused out-of-focus "
    "before-and-after aerial panoramic nude naked topless shirtless group watermarked zoomed-in split-screen "
    "low-resolution"
)
# What a picture has itself, and shows by having it.
PARTS = word_set(
    "background border frame margin watermark caption title logo text label disclaimer warning stamp timestamp sticker "
    "emoji overlay hashtag signature button icon arrow"
)
# These too, unless they hang on a wall: refused by name where they are of something.
OR_HUNG = word_set("portrait portraits view views")
# What no single picture shows that it is, or belongs to: a rule about one of these is refused.
ELSEWHERE = word_set(
    "video videos footage thumbnail thumbnails post posts listing listings profile profiles avatar avatars story "
    "stories reel reels clip clips upload uploads submission submissions gif gifs livestream livestreams vlog vlogs"
)
PICTURES = ITSELF | frozenset(KINDS) | {"video", "videos", "footage", "thumbnail", "thumbnails"}
# What may be the picture itself, or hang on a wall in it.
EITHER = word_set(
    "drawing drawings painting paintings sketch sketches cartoon cartoons comic comics render renders "
    "rendering renderings doodle doodles caricature caricatures watercolour watercolours"
    " watercolor watercolors engraving engravings"
)
SHOWING = PICTURES | ELSEWHERE | EITHER  # whatever shows something, as the subject of a sentence
# Before `photos`, what the picture itself shows: how it was made, whom or what occasion it is of. A closed list, beside
# what can be touched or eaten, and places (`filled.scope`): `marketplace photos`, `player photos` and their like may
# say who posts them, or where they stand, which no picture shows.
SEEN_KINDS = LOOKS | word_set(
    "x-ray satellite thermal infrared ultrasound microscope drone passport id underwater studio night colour color "
    "indoor outdoor interior exterior team class family baby child infant toddler crowd couple wedding concert "
    "graduation birthday sports portrait landscape selfie mirror before after alcohol tobacco"
)
ADS = word_set("ad advert advertisement")
# Things that pictures stand on or in.
PAGES = word_set(
    "banner portfolio archive cover poster menu album magazine newspaper book card flyer brochure page site gallery web"
)
# Words before `photos` that only say whose, or where on a site: the photos that the whole policy is about.
ANY_PICTURE = word_set(
    "listing product profile cover main uploaded submitted user customer seller host item property catalogue "
    "catalog press news title header website all your our these published"
)
