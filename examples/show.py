"""The end of `make demo`: what was found, three facts with their words, how right it is, and what to try next."""

import sys
from pathlib import Path

from kgbuild.evaluation.gold import read_gold_facts
from kgbuild.evaluation.graph import score_graph
from kgbuild.explanation import FactExplained, explain
from kgbuild.ledger import Snapshot
from kgbuild.records import EntityRef

HERE = Path(__file__).parent
SAMPLE = 3
MAX_QUOTE_CHARS = 200


def main(graph: Path) -> None:
    with Snapshot.open(graph) as snapshot:
        counts = snapshot.counts()
        print(f"\n{counts['documents']:,} documents, {counts['entities']:,} entities, {counts['facts']:,} facts. For instance:\n")
        # The best supported facts between entities, one of each property, in words short enough to read at a glance.
        links = (
            fact
            for fact in snapshot.facts()
            if isinstance(fact.object, EntityRef) and max(len(piece.quote) for piece in fact.evidence) <= MAX_QUOTE_CHARS
        )
        best = {fact.predicate: fact for fact in sorted(links, key=lambda fact: (len(fact.evidence), fact.confidence, fact.id))}
        for fact in sorted(best.values(), key=lambda fact: (-len(fact.evidence), -fact.confidence, fact.id))[:SAMPLE]:
            shown = explain(snapshot, fact.id)
            assert isinstance(shown, FactExplained)
            print(f"  {shown.subject} — {fact.predicate} — {shown.object}   [{fact.id}]")
            for statement in shown.statements:
                place = statement.quoted
                print(f'      "{" ".join(place.words.split())}"')
                print(f"      {place.uri}, characters {place.span.start} to {place.span.end}")
            print()
        score = score_graph(snapshot.entities(), snapshot.facts(), read_gold_facts(HERE / "gold.jsonl"), snapshot.ontology)
    scores = score.scores
    print(f"Against {score.gold} facts that people found in them: precision {scores.precision:.2f}, recall {scores.recall:.2f}.")
    print(f"""
Try next:
  .venv/bin/kgbuild explain {min(best.values(), key=lambda fact: (-fact.confidence, fact.id)).id} --graph {graph}
  .venv/bin/kgbuild view --graph {graph}                  (a page to search and walk the graph)
  .venv/bin/kgbuild query 'MATCH (a:Entity)-[:FOUNDED_BY]->(b) RETURN a.name, b.name' --graph {graph}
  .venv/bin/kgbuild rejected --graph {graph}              (what was not taken, and why)
  .venv/bin/kgbuild build YOUR-DOCUMENTS --ontology company""")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
