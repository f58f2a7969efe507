"""Progress for a person who watches: one bar per stage, drawn on a terminal only, so that a log stays readable."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class DrawnProgress:
    """A `pipeline.Progress` on stderr; use it as a context."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._current: TaskID | None = None

    def __enter__(self) -> "DrawnProgress":
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self._finish()
        self._bars.stop()

    def begin(self, stage: str, total: int | None) -> None:
        self._finish()
        self._current = self._bars.add_task(stage, total=total)

    def advance(self, done: int) -> None:
        if self._current is not None:
            self._bars.advance(self._current, done)

    def _finish(self) -> None:
        if self._current is not None:
            done = self._bars.tasks[self._current].completed
            self._bars.update(self._current, total=max(done, 1), completed=max(done, 1) if done else 1)
