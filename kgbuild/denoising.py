"""Chunk -> the same passage in other words, to help a model read it; both ways are optional, and nothing is quoted from the result.

decontextualised    "she" and "the company" replaced by the names that the text before gives
denoised            only what concerns the entities of the passage, in short plain sentences

Evidence still points into the passage as read: the rewritten text stands beside it in the prompt.
Sources: Huang et al., "Can LLMs be Good Graph Judge for Knowledge Graph Construction?" (GraphJudge, entity-centric text denoising),
EMNLP 2025; Choubey et al., "Distill-SynthKG" (decontextualisation with the previous chunk, accepted at ROUGE-1 of .70), ICLR 2026.
"""

import re
from collections import Counter
from dataclasses import dataclass

from kgbuild.errors import ReplyCut, ReplyRefused
from kgbuild.extraction.grounding import Flattened
from kgbuild.extraction.parsing import without_thoughts
from kgbuild.ids import digest
from kgbuild.llm.asking import ask
from kgbuild.llm.protocol import ChatModel, Message, Replies, Reply, Request
from kgbuild.prompts import read_prompt
from kgbuild.records import Chunk

VERSION = 1
MIN_ROUGE_1 = 0.70
MAX_REPLY_TOKENS = 1000
STAGE = "denoising"


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A passage in other words; empty where it is to be read as it stands. problems: why it is, although it was to be rewritten."""

    text: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Denoising:
    """Rewrites passages. A rewriting that the model does not manage is gone without, and named: it is a help and no more."""

    model: ChatModel
    replies: Replies
    denoise: bool
    decontextualise: bool

    @property
    def key(self) -> str:
        names = [*(["decontextualisation"] if self.decontextualise else []), *(["entities", "denoising"] if self.denoise else [])]
        return digest("denoising", VERSION, [read_prompt(name).digest for name in names]) if names else ""

    async def rewritten(self, chunk: Chunk) -> Rewriting:
        """Return the passage in other words. Raises ModelUnavailable and BudgetSpent."""
        if not (self.denoise or self.decontextualise):
            return Rewriting()
        problems: list[str] = []
        passage = text = Flattened.of(chunk.text).text
        context = Flattened.of(chunk.context).text
        if self.decontextualise and context:
            said = await self._said("decontextualisation", {"context": context, "passage": passage}, problems)
            if said and rouge_1(said, passage) < MIN_ROUGE_1:
                problems.append("decontextualisation: the rewritten passage shares too few words with the passage")
            elif said:
                text = said
        if self.denoise:
            entities = await self._said("entities", {"passage": text}, problems)
            text = await self._said("denoising", {"entities": entities, "passage": text}, problems) or text
        return Rewriting(text if text != passage else "", tuple(problems))

    async def _said(self, prompt: str, values: dict[str, str], problems: list[str]) -> str:
        """Return what the model says; nothing, with one problem more, where it does not manage."""
        request = Request((Message("user", read_prompt(prompt).filled(values).strip()),), MAX_REPLY_TOKENS)
        try:
            return await ask(self.model, request, _read, self.replies, STAGE)
        except (ReplyCut, ReplyRefused) as error:
            problems.append(f"{prompt}: {error.problem}")
            return ""


def _read(reply: Reply) -> str:
    if not (text := " ".join(without_thoughts(reply.text).split())):
        raise ReplyRefused(STAGE, "the reply is empty", "Leave out --denoise and --decontextualise with this model")
    return text


def rouge_1(text: str, other: str) -> float:
    """Return the F-measure of the words that two texts share, 0 to 1.

    Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004; without stemming.

    >>> rouge_1("Ada was born in London", "She was born in London")
    0.8
    """
    words, others = (Counter(re.findall(r"\w+", each.casefold())) for each in (text, other))
    total = words.total() + others.total()
    return 2 * (words & others).total() / total if total else 0.0
