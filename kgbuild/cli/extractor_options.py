"""Options of every command that extracts or judges: what reads, and what else a language model is asked."""

from pathlib import Path
from typing import Annotated

from typer import Option

ExtractorOption = Annotated[
    str, Option(help="What reads: compact, llm, or cascade, which asks the language model only where compact is unsure.")
]
LlmOption = Annotated[
    str | None, Option("--llm", metavar="ADDRESS", help="The language model: server:MODEL@URL, or recorded:FILE.")
]
CalibrationOption = Annotated[
    Path | None, Option("--calibration", metavar="FILE", help="What its answers as a judge are worth, from kgbuild calibrate.")
]
ProbeOption = Annotated[bool, Option("--probe", help="Ask it once more about sentences that name something and gave no fact.")]
DenoiseOption = Annotated[
    bool, Option("--denoise", help="Let it first put each passage in short plain sentences, to read beside the passage.")
]
DecontextualiseOption = Annotated[
    bool, Option("--decontextualise", help='Let it first replace "she" and "the company" by names, to read beside the passage.')
]
