"""The graph as files: JSONL (every record, field for field), Parquet, GraphML, Turtle, CSV for a first import into Neo4j, and
conversations to fine-tune language models with.

Every export first checks that each fact's quotes stand in the documents, streams, and appears under its name only when whole.
"""

from kgbuild.stores.files.graphml import export_graphml
from kgbuild.stores.files.grounding import check_grounding
from kgbuild.stores.files.jsonl import export_jsonl, record_of
from kgbuild.stores.files.neo4j_admin import export_neo4j_admin
from kgbuild.stores.files.parquet import export_parquet
from kgbuild.stores.files.training import export_extraction_training, export_judge_training
from kgbuild.stores.files.turtle import export_turtle

__all__ = [
    "check_grounding",
    "export_extraction_training",
    "export_graphml",
    "export_jsonl",
    "export_judge_training",
    "export_neo4j_admin",
    "export_parquet",
    "export_turtle",
    "record_of",
]
