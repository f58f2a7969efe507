"""Public labelled sentences, as published, read into examples.

| reader        | data                                             | licence                          |
|---------------|--------------------------------------------------|----------------------------------|
| tekgen        | Text2KGBench, Wikidata-TekGen part (Mihindukulasooriya et al. 2023) | CC BY-SA 2.0  |
| re_docred     | Re-DocRED, revised development set (Tan et al. 2022)               | MIT           |
| fewrel        | FewRel 1.0, validation set (Han et al. 2018)                       | MIT           |
| knowledgenet  | KnowledgeNet, human-readable dump (Mesquita et al. 2019)           | MIT, texts CC BY-SA |
"""

import html
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from kgbuild.compact.examples import Example, Statement, aligned
from kgbuild.records import Span

_NO_SPACE_BEFORE = re.compile(r"^([.,;:!?)\]}%]|'s|'|n't|\.\.\.)$")
_NO_SPACE_AFTER = re.compile(r"^[(\[{$£€]$")
_PRONOUN = re.compile(
    r"^(he|she|it|they|him|her|his|hers|its|their|them|who|whom|whose|i|we|you|my|our|us|me|himself|herself|itself)$", re.I
)

KNOWLEDGENET_PROPERTIES = {
    "PLACE_OF_RESIDENCE": "P551",
    "EMPLOYEE_OR_MEMBER_OF": "P108",
    "SPOUSE": "P26",
    "PLACE_OF_BIRTH": "P19",
    "HEADQUARTERS": "P159",
    "EDUCATED_AT": "P69",
    "CHILD_OF": "P8810",
    "DATE_OF_BIRTH": "P569",
    "NATIONALITY": "P27",
    "FOUNDED_BY": "P112",
    "POLITICAL_AFFILIATION": "P102",
    "CEO": "P169",
    "DATE_OF_DEATH": "P570",
    "DATE_FOUNDED": "P571",
    "SUBSIDIARY_OF": "P749",
}


def squeezed(sentence: str) -> str:
    """Return what two writings of one sentence share: its letters and digits."""
    return "".join(c for c in sentence.casefold() if c.isalnum())


def _example(
    id_: str,
    text: str,
    statements: Sequence[Statement],
    mentions: Sequence[Span],
    source: str,
    not_stated: Sequence[Statement] = (),
) -> Example:
    arguments = [span for s in statements for span in (s.subject, s.object)]
    ordered = sorted(set(statements), key=lambda s: (s.subject, s.object, s.predicate))
    unsaid = sorted(set(not_stated) - set(statements), key=lambda s: (s.subject, s.object, s.predicate))
    return Example(id_, text, tuple(ordered), tuple(sorted({*arguments, *mentions})), source, tuple(unsaid))


def test_sentences(data: Path) -> frozenset[str]:
    """Return every sentence that stands in a Text2KGBench test set, squeezed: none of them may be trained on."""
    return frozenset(
        squeezed(json.loads(line)["sent"])
        for path in sorted((data / "text2kgbench").glob("*/test/*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    )


def tekgen(data: Path, split: str) -> Iterator[Example]:
    """Read the train or validation sentences of every ontology; lines that share a sentence become one example."""
    folder = data / "text2kgbench" / "wikidata_tekgen"
    for path in sorted((folder / split).glob("*.jsonl")):
        ontology = "_".join(path.stem.split("_")[:-1])
        specification = json.loads((folder / "ontologies" / f"{ontology.removeprefix('ont_')}_ontology.json").read_text("utf-8"))
        keys = {relation["label"].strip(): relation["pid"] for relation in specification["relations"]}
        lines: dict[str, list[dict[str, str]]] = defaultdict(list)
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            lines[row["sent"]].append(row)
        for text, rows in lines.items():
            statements: list[Statement] = []
            mentions: list[Span] = []
            for row in rows:
                subject, object_ = aligned(text, row["sub_label"]), aligned(text, row["obj_label"])
                mentions += [span for span in (subject, object_) if span]
                key = keys.get(row["rel_label"].strip())
                if subject and object_ and key and not subject.overlaps(object_):
                    statements.append(Statement(subject, key, object_))
            yield _example(rows[0]["id"], text, statements, mentions, f"tekgen/{ontology}")


def joined(tokens: Sequence[str]) -> tuple[str, list[Span]]:
    """Join tokens as they would be written, and say where each came to stand.

    >>> joined(["Ada", "(", "1815", ")", "wrote", "."])[0]
    'Ada (1815) wrote.'
    """
    text, spans, glue, open_quote = "", [], True, False
    for token in tokens:
        token = token.replace("\xa0", " ").strip() or "-"
        closes = token == '"' and open_quote
        if text and not glue and not closes and not _NO_SPACE_BEFORE.match(token):
            text += " "
        spans.append(Span(len(text), len(text) + len(token)))
        text += token
        if token == '"':
            open_quote = not open_quote
        glue = bool(_NO_SPACE_AFTER.match(token)) or (token == '"' and open_quote)
    return text, spans


def re_docred(data: Path) -> Iterator[Example]:
    """Read single sentences: a relation counts where both entities are named in a sentence listed as its evidence, or in one
    sentence only when no evidence is listed. Between entities of any other sentence it is neither right nor wrong.
    """
    for document in json.loads((data / "re-docred" / "dev_revised.json").read_text("utf-8")):
        texts = [joined(sentence) for sentence in document["sents"]]
        places: list[dict[int, Span]] = [{} for _ in texts]
        mentions: list[set[Span]] = [set() for _ in texts]
        for number, cluster in enumerate(document["vertexSet"]):
            for mention in cluster:
                _, spans = texts[mention["sent_id"]]
                start, end = mention["pos"]
                if end > start and not _PRONOUN.match(mention["name"]):
                    span = Span(spans[start].start, spans[end - 1].end)
                    mentions[mention["sent_id"]].add(span)
                    places[mention["sent_id"]].setdefault(number, span)
        for number, (text, _) in enumerate(texts):
            stated: list[Statement] = []
            unsaid: list[Statement] = []
            for label in document["labels"]:
                subject, object_ = places[number].get(label["h"]), places[number].get(label["t"])
                if subject and object_ and not subject.overlaps(object_):
                    together = sum(label["h"] in named and label["t"] in named for named in places)
                    said = number in label["evidence"] or (not label["evidence"] and together == 1)
                    (stated if said else unsaid).append(Statement(subject, label["r"], object_))
            yield _example(f"{document['title']}#{number}", text, stated, sorted(mentions[number]), "re-docred", unsaid)


def fewrel(data: Path) -> Iterator[Example]:
    for key, rows in json.loads((data / "fewrel" / "val_wiki.json").read_text("utf-8")).items():
        for number, row in enumerate(rows):
            text, spans = joined(row["tokens"])
            head, tail = row["h"][2][0], row["t"][2][0]
            subject = Span(spans[head[0]].start, spans[head[-1]].end)
            object_ = Span(spans[tail[0]].start, spans[tail[-1]].end)
            if not subject.overlaps(object_):
                yield _example(f"{key}#{number}", text, [Statement(subject, key, object_)], [], "fewrel")


_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.S)
_TAG = re.compile(r'<span id="(subject|object)">(.*?)</span>', re.S)


def knowledgenet(data: Path) -> Iterator[Example]:
    """Read the passages of the dump; a row whose argument is a pronoun teaches nothing about names and is left out."""
    with zipfile.ZipFile(data / "knowledgenet" / "human_readable-v10-notest.zip") as archive:
        page = archive.read("human_readable-v10-notest.html").decode("utf-8", "replace")
    passages: dict[tuple[str, str], list[tuple[str, dict[str, Span], str]]] = defaultdict(list)
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.S):
        cells = _CELL.findall(row)
        if len(cells) != 10:
            continue
        _, document, start, *_, property_, passage = cells
        passage = re.sub(r"</?(p|a)\b[^>]*>", "", passage)
        text, arguments, at = "", {}, 0
        for tag in _TAG.finditer(passage):
            text += html.unescape(passage[at : tag.start()])
            words = html.unescape(tag[2])
            if words.strip():
                arguments[tag[1]] = Span(len(text), len(text) + len(words))
            text += words
            at = tag.end()
        text += html.unescape(passage[at:])
        text = text.rstrip()
        passages[document, start].append((property_.strip(), arguments, text))
    for (document, start), rows in passages.items():
        text = rows[0][2]
        lead = len(text) - len(text.lstrip())
        statements: list[Statement] = []
        mentions: list[Span] = []
        for property_, arguments, same in rows:
            if same != text:
                continue
            named = {role: span.shifted(-lead) for role, span in arguments.items() if not _PRONOUN.match(span.of(text).strip())}
            mentions += named.values()
            if len(named) == 2 and not named["subject"].overlaps(named["object"]):
                statements.append(Statement(named["subject"], KNOWLEDGENET_PROPERTIES[property_], named["object"]))
        if text.strip():
            yield _example(f"{document}/{start}", text.strip(), statements, mentions, "knowledgenet")
