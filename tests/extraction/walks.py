"""Random walks through a grammar: what any model could be led to write under it, no model and no server needed."""

import random
from functools import cache

import llguidance
import numpy as np

from tests.extraction.hostile import HOSTILE


class _Vocabulary:
    """Every byte, and pieces of several bytes that straddle words, quotes and brackets as those of real tokenisers do."""

    bos_token_id = eos_token_id = 256

    def __init__(self) -> None:
        chance = random.Random(7)
        texts = [text.encode("utf-8", "replace") for text in HOSTILE.values()]
        frame = b'[{"sentence":1,"subject":"","subject_class":"Company","property":"owns","object":"","qualifiers":{"start":""}},{'
        starts = [(text, chance.randrange(len(text))) for text in [*texts, *[frame] * 10] for _ in range(20)]
        pieces = {text[at : at + chance.randint(2, 9)] for text, at in starts}
        self.tokens = [*(bytes([byte]) for byte in range(256)), b"<end>", *sorted(piece for piece in pieces if len(piece) > 1)]
        self.special_token_ids = [256]

    def __call__(self, text: bytes | str) -> list[int]:
        return list(text if isinstance(text, bytes) else text.encode())


@cache
def tokenizer() -> llguidance.LLTokenizer:
    return llguidance.LLTokenizer(llguidance.TokenizerWrapper(_Vocabulary()))


def grammar_errors(lark: str) -> str:
    return llguidance.LLMatcher(tokenizer(), llguidance.grammar_from("grammar", lark)).get_error()


def walk(kind: str, grammar: str, chance: random.Random, max_tokens: int = 4000) -> str | None:
    """Write a reply by chance: any token that the grammar allows next; None for one that came to no end within `max_tokens`.

    kind: "grammar" for Lark, "json_schema". Raises AssertionError where nothing is allowed and the reply is not whole.
    """
    vocabulary = _Vocabulary().tokens
    matcher = llguidance.LLMatcher(tokenizer(), llguidance.grammar_from(kind, grammar))
    assert not matcher.is_error(), matcher.get_error()
    written: list[int] = []
    while not matcher.is_stopped() and len(written) < max_tokens:
        mask = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        allowed = [int(token) for token in np.flatnonzero(mask) if token != 256]
        if not allowed:
            break
        # A closing list is one choice of few: taken at once it would leave most replies empty.
        token = (
            chance.choice([t for t in allowed if vocabulary[t] != b"]"] or allowed) if len(written) < 8 else chance.choice(allowed)
        )
        assert matcher.consume_token(token), matcher.get_error()
        written.append(token)
    text = b"".join(vocabulary[token] for token in written)
    if len(written) >= max_tokens and not matcher.is_accepting():
        return None
    assert matcher.is_accepting(), f"a dead end after {text!r}"
    return text.decode("utf-8")
