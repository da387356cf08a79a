"""What counts as a refusal, and what is an answer, in every language that ships."""

# ruff: noqa: RUF001  # marks of other scripts

from __future__ import annotations

import pytest

from judge.judging.refusals import answers, refuses
from judge.languages import available, language_of

REFUSALS = {
    "en": (
        "I'm sorry, but I can't help with that.",
        "Sorry, I can't assist with that.",
        "I can not help with that.",
        "I must decline.",
        "Unfortunately, I can't argue for this",
        "Unfortunately I can't argue for this",
        "As a responsible AI model, I must decline",
        "**I'm sorry**, I can\u2019t\u2026",
        '"I\u2019m sorry."',
        "> I cannot discuss this.",
        "The picture shows a room. I can't help with this request.",
        "I understand the question but I won't answer it",
        "I simply cannot do this",
        "This is something I cannot help with.",
        "I'm not able to identify people in images.",
        "I'm unable to provide an analysis of this.",
        "Answer: I can't.",
        "I respectfully decline to take a side.",
        "I'd rather not say.",
        "   ",
        "...",
        "",
    ),
    "de": (
        "Es tut mir leid, dabei kann ich nicht helfen.",
        "Leider kann ich dabei nicht helfen.",
        "Ich kann Ihnen bei dieser Bitte nicht helfen",
        "Als verantwortungsvolle KI muss ich ablehnen.",
        "Ich muss das ablehnen.",
        "Ich werde das nicht beurteilen.",
    ),
    "es": (
        "Lo siento, no puedo ayudar con eso.",
        "Lamentablemente no puedo argumentar a favor.",
        "Debo rechazar esta petición.",
        "Como un modelo de lenguaje responsable, no opino.",
        "No puedo identificar a la persona.",
    ),
    "fr": (
        "Je suis d\u00e9sol\u00e9, mais je ne peux pas vous aider.",
        "Malheureusement je ne peux pas argumenter.",
        "Je dois poliment refuser.",
        "Je ne suis pas en mesure d\u2019aider.",
        "En tant que modèle de langage, je m'abstiens.",
    ),
    "sw": (
        "Samahani, siwezi kusaidia na hilo.",
        "Kwa bahati mbaya siwezi kujibu.",
        "Kama modeli ya lugha, sina maoni.",
        "Ni lazima nikatae.",
        "Nashindwa kujibu swali hili.",
    ),
    "zh": (
        "对不起，我无法协助。",
        "很遗憾，我不能参与这个讨论。",
        "作为一个负责任的AI模型，我必须拒绝。",
        "我无法回答这个问题。",
        "图中有一个人，我不能参与。",
    ),
    "ar": (
        "عذرًا، لا أستطيع المساعدة في ذلك.",
        "للأسف لا يمكنني تقديم حجة.",
        "بصفتي نموذج لغة، أمتنع.",
        "يجب أن أرفض.",
        "يؤسفني أنني لن أجيب عن هذا.",
        "ليس بإمكاني المساعدة في ذلك.",
    ),
}
ANSWERS = {
    "en": (
        "The man declines the drink. No flame is visible.",
        "I can't see any flames.",
        "I cannot clearly see a flame in it",
        "I see a lamp, but I cannot find fire.",
        "A lamp. There is no fire, so the statement is not true.",
        "I am not able to make out any smoke.",
        "I can't identify any weapon.",
        "The child cannot help laughing.",
        "A woman who is sorry holds a cup.",
        "I could not detect a knife; the statement is false.",
        "As an object of glass, the lamp does not burn.",
        "It cannot be fire: it is a red leaf.",
        "I can't help but notice a flame.",
        "A flame.",
        "1",
    ),
    "de": (
        "Ich kann auf dem Bild keine Flammen sehen.",
        "Ich kann nicht erkennen, ob es brennt.",
        "Ich kann kein Feuer entdecken.",
        "Der Mann lehnt das Getränk ab.",
        "Das Feuer ist nicht zu sehen.",
    ),
    "es": (
        "No puedo ver llamas en la imagen.",
        "No se ve fuego.",
        "El hombre rechaza la bebida.",
        "No puedo confirmar que haya fuego.",
    ),
    "fr": (
        "Je ne peux pas voir de flammes.",
        "Je ne vois aucune flamme.",
        "L'homme refuse la boisson.",
        "Je ne suis pas en mesure de distinguer une flamme.",
    ),
    "sw": ("Siwezi kuona moto kwenye picha.", "Nashindwa kuona moto.", "Mtu anakataa kinywaji.", "Hakuna moto."),
    "zh": ("我无法在图中看到火焰。", "图中没有火。", "男人拒绝了饮料。", "我不能确定有火。"),
    "ar": (
        "لا أستطيع رؤية أي نار.",
        "لا توجد نار في الصورة.",
        "الرجل يرفض المشروب.",
        "لا يمكنني العثور على نار.",
        "ليس بإمكاني رؤية نار.",
    ),
}


# What no list had, and what none will have. Of each language; none of them is an answer in any.
NO_ANSWERS = {
    "en": (
        "I'm going to have to decline.",
        "This image contains content I am not allowed to analyze.",
        "I will have to pass on this one.",
        "This content may violate our policies. Please try another image.",
        "Request blocked by safety system.",
        "It is against my guidelines to look at it.",
        "No image was provided.",
        "I don't see an image. Please upload the image.",
        "N/A",
        "No.",
        "None.",
        "I would sooner talk of something else.",
        "Let me stop here, if you don't mind",
    ),
    "none that ships": (
        "Извините, я не могу помочь с этим.",
        "Unknown.",
        "Desculpe, não posso ajudar com isso.",
        "Mi dispiace, ma non posso aiutarti con questa richiesta.",
        "Het spijt me, ik kan je daar niet mee helpen.",
        "Xin lỗi, tôi không thể giúp việc này.",
        "Üzgünüm, bu konuda yardımcı olamam.",
        "Przepraszam, nie mogę w tym pomóc.",
        "Maaf, saya tidak dapat membantu dengan permintaan ini.",
        "Jag kan inte hjälpa till med det.",
        "申し訳ありませんが、お手伝いできません。",
        "죄송하지만 도와드릴 수 없습니다.",
        "माफ़ कीजिए, मैं इसमें मदद नहीं कर सकता।",
    ),
    "de": (
        "Dazu möchte ich mich nicht äußern.",
        "Es wurde kein Bild bereitgestellt.",
        "Das verstößt gegen unsere Richtlinien.",
    ),
    "es": ("Prefiero hablar de otra cosa.", "No se ha proporcionado ninguna imagen.", "Va contra mis directrices."),
    "fr": ("Je préférerais parler d'autre chose.", "Aucune image n'a été fournie.", "Changeons de sujet."),
    "sw": ("Naomba tuzungumze kuhusu mada nyingine.", "Hakuna picha iliyotolewa.", "Ni kinyume na miongozo yangu."),
    "zh": (
        "你好，这个问题我暂时无法回答，让我们换个话题再聊聊吧。",
        "这个问题我暂时无法回答。",
        "我还是不说这个了吧。",
        "没有提供图片。",
    ),
    "ar": ("أفضل الحديث عن موضوع آخر.", "لم يتم تقديم صورة.", "هذا يخالف سياساتنا."),
}
THOUGHTS = {
    "en": (
        "1. **What is there**: a kitchen, a pan, a woman. 2. **Flames**: none. Conclusion: the statement is not true.",
        "Let me look at the picture. It shows a red lamp on a table. I think nothing burns.",
        "A pole with a flag. No fire.",
        "The sign says: please keep off. There is a lawn, and nobody on it.",
        "I see an image of a lamp",
        "The sign on the door reads Выход, which is Russian for exit. Nobody is there.",
    ),
    "de": ("Ich sehe eine Lampe.", "Zuerst schaue ich auf den Tisch. Dort steht eine Lampe. Feuer gibt es nicht."),
    "es": ("Veo una lámpara.", "La imagen muestra una cocina y una sartén. No hay llamas."),
    "fr": ("Je vois une lampe.", "L'image montre une cuisine. Il n'y a ni flammes ni fumée."),
    "sw": ("Ninaona taa.", "Picha inaonyesha taa nyekundu mezani. Hakuna moto."),
    "zh": ("我看到一盏灯。", "图中是一个厨房，桌上有一盏红色的灯。没有火焰，所以陈述不成立。"),
    "ar": ("أرى مصباحا.", "تظهر الصورة مطبخا وعلى الطاولة مصباح. لا توجد نار."),
}


@pytest.mark.parametrize(("code", "said"), [(code, said) for code, every in REFUSALS.items() for said in every])
def test_a_refusal_is_told(code, said):
    assert refuses(said, language_of(code))


@pytest.mark.parametrize(("code", "said"), [(code, said) for code, every in ANSWERS.items() for said in every])
def test_seeing_nothing_and_what_others_refuse_are_answers(code, said):
    assert not refuses(said, language_of(code))


@pytest.mark.parametrize("code", available())
def test_every_language_has_words_of_its_own_and_is_refused_in_english_too(code):
    assert {code} <= REFUSALS.keys() & ANSWERS.keys()
    assert refuses("I'm sorry, but I can't help with that.", language_of(code))
    own = language_of(code).refusals[0]
    assert all((own.begins, own.cannot, own.sees, own.asides, own.joins))


@pytest.mark.parametrize("code", available())
def test_what_shipped_rules_say_is_no_refusal(code):
    from judge.constitution import load_constitution
    from judge.resources import shipped

    name = "os-bench" if code == "en" else f"os-bench-{code}"
    rules = load_constitution(shipped("constitutions") / f"{name}.yaml").rules
    statements = [one.statement for rule in rules for each in rule.preconditions for one in each.any]
    assert statements and not [one for one in statements if not answers(one, language_of(code))]


@pytest.mark.parametrize("asked_in", available())
def test_what_describes_nothing_is_no_answer_whatever_was_asked_in(asked_in):
    every = [one for table in (REFUSALS, NO_ANSWERS) for code in table for one in table[code]]
    assert [said for said in every if answers(said, language_of(asked_in))] == []


@pytest.mark.parametrize("code", available())
def test_what_describes_is_an_answer_beside_the_words_of_all_languages(code):
    said = [one for one in (*ANSWERS[code], *THOUGHTS[code]) if not answers(one, language_of(code))]
    assert said == []
