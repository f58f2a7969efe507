"""Colours and captions for Neo4j Browser: one colour per class, names on nodes, types on edges."""

import colorsys
import json
import re
from collections.abc import Mapping

from kgbuild.exploring.contents import Contents
from kgbuild.stores.projection import OWN_RELATIONSHIPS

HUES = (212, 28, 152, 338, 266, 186, 48, 0, 96, 300, 236, 122)
"""In degrees, neighbours far apart; the same as in the page that `kgbuild view` writes."""
LIGHTNESS = (0.52, 0.68, 0.38)
"""Of the first dozen classes, the second and the third; from then on colours come again."""
SATURATION = 0.62
PAPER, INK = "#ffffff", "#2a2c34"
DOCUMENT, CHUNK = "#8a8f98", "#c9cdd3"
EDGE, OWN_EDGE = "#6f7785", "#d4d6d7"


def style_sheet(held: Contents) -> str:
    """Return the style as Browser imports it (`:style`, or a .grass file dropped on its window).

    Written as JSON, which Browser reads like its own notation and which knows labels with blanks in them.
    """
    rules: dict[str, dict[str, str]] = {
        "node": _node(DOCUMENT, "{name}"),
        "relationship": {"caption": "<type>"} | _edge(EDGE, INK),
        "node.Document": _node(DOCUMENT, "{title}") | {"diameter": "65px"},
        "node.Chunk": _node(CHUNK, "{text}") | {"diameter": "40px"},
    }
    for label, colour in class_colours(held).items():
        rules[_selector("node", label)] = _node(colour, "{name}")
    for relationship in held.projection.relationships.values():
        rules[_selector("relationship", relationship.type)] = {"caption": "<type>"} | _edge(EDGE, INK)
    for type_ in OWN_RELATIONSHIPS:
        rules[_selector("relationship", type_)] = {"caption": "<type>"} | _edge(OWN_EDGE, DOCUMENT)
    return json.dumps(rules, indent=2, ensure_ascii=False) + "\n"


def class_colours(held: Contents) -> Mapping[str, str]:
    """Return the colour of each label, as #rrggbb; a class keeps its colour for as long as the ontology stays the same."""
    known = [held.labels[name] for name in held.ontology.classes if name in held.labels]
    places = {name: n for n, name in enumerate(held.ontology.classes)}
    others = sorted(set(held.labels.values()) - set(known))
    by_label = {label: name for name, label in held.labels.items()}
    numbers = {label: places[by_label[label]] for label in known}
    numbers |= {label: len(places) + n for n, label in enumerate(others)}
    return {label: _colour(numbers[label]) for label in held.labels.values()}


def _colour(number: int) -> str:
    dozen, hue = divmod(number, len(HUES))
    red, green, blue = colorsys.hls_to_rgb(HUES[hue] / 360, LIGHTNESS[dozen % len(LIGHTNESS)], SATURATION)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _node(colour: str, caption: str) -> dict[str, str]:
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    darker = "#" + "".join(f"{round(channel * 0.8):02x}" for channel in channels)
    # Weights of red, green and blue in what the eye takes for bright: ITU-R BT.601.
    bright = sum(weight * channel for weight, channel in zip((0.299, 0.587, 0.114), channels, strict=True)) > 150
    return {
        "color": colour,
        "border-color": darker,
        "border-width": "2px",
        "text-color-internal": INK if bright else PAPER,
        "font-size": "10px",
        "diameter": "55px",
        "caption": caption,
    }


def _edge(colour: str, text: str) -> dict[str, str]:
    inner = {"text-color-external": text, "text-color-internal": PAPER, "font-size": "8px", "padding": "3px"}
    return {"color": colour, "shaft-width": "1px", "border-color": colour, **inner}


def _selector(kind: str, name: str) -> str:
    return f"{kind}.{re.sub(r'[.]', lambda dot: chr(92) + dot[0], name)}"
