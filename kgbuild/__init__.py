"""kgbuild turns documents into a knowledge graph whose every fact can be traced to the words that state it.

Read in this order: records, then the stages as a document meets them.

    documents -> chunks -> candidate triples -> judged triples -> entities -> facts -> store
    documents/   chunking   extraction/         judging/          resolution/ fusion/   stores/

`pipeline` holds the order of the steps, `ledger` keeps every row of every stage, `cli` is what people type.
"""

__version__ = "0.1.0"
