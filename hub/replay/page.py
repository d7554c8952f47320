"""What replay answers as one page that needs nothing beside it: `rules/replay/replay.html` with its pictures."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, select_autoescape

from rules.home import Home
from rules.replay.past import Answer
from rules.replay.picture import LANE, LEFT, RIGHT, RUN, WIDTH, days_of, picture_of, strips_of
from rules.replay.words import ASSUMED, Words, plain_range

MOST_PICTURES = 120


def page_of(home: Home, answer: Answer, old_is: str) -> str:
    """The page, as HTML."""
    words = Words(home, answer, old_is)
    counted = [(words.name(one), answer.by_resident[one]) for one in answer.residents if one in answer.by_resident]
    if len(counted) > 1:
        counted.append(("All together", answer.whole))
    drawn = [night for night in answer.nights if night.events or night.pairs][:MOST_PICTURES]
    kept = files("rules.replay")
    environment = Environment(autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((kept / "replay.html").read_text(encoding="utf-8"))
    return (
        template.render(
            home=home,
            words=words,
            answer=answer,
            css=(kept / "replay.css").read_text(encoding="utf-8"),
            counted=counted,
            quiet=[words.name(one) for one in answer.residents if one not in answer.by_resident],
            highest=max((max(found.told_old[1], found.told_new[1]) for _, found in counted), default=0) or 1,
            strips=strips_of(words, answer.coverage),
            days=days_of(words, answer.coverage),
            nights=[picture_of(words, night) for night in drawn],
            left_out=len(answer.nights) - len(drawn),
            assumed=ASSUMED,
            plain_range=plain_range,
            sizes={"left": LEFT, "right": RIGHT, "width": WIDTH, "lane": LANE, "run": RUN},
        )
        + "\n"
    )
