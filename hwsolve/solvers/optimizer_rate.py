"""The learning rate of each step: constant, by a schedule, by a formula, or from a list."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import InputError
from hwsolve.nets.optimizers import SCHEDULES, SETTINGS
from hwsolve.problem.model import Given, Written
from hwsolve.problem.values import number as read_number
from hwsolve.solvers.graph import given_value
from hwsolve.solvers.optimizer_names import names_in, numbered, renamed

if TYPE_CHECKING:
    from hwsolve.nets.optimizers import Schedule
    from hwsolve.solvers.optimizer_equations import Writer

PI: Final = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899863"
_CONSTANT: Final = next(row for row in SCHEDULES if row.name == "constant")


class Rate:
    """Writes the learning rate of a step where it changes, and says what it is called.

    Attributes:
        stem: the name to which the number is put that the schedule counts.
        used: the name of the rate of each step that was written.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        setup = writer.setup
        self.used: dict[int, str] = {}
        self.symbol = setup.settings.get("lr", "")
        self.stem = self.symbol or "lr"
        self.written = setup.body.lr
        if self.symbol == "lr" and self.written is not None and "lr" in setup.given:
            self.written = None
        self.warmup = "warmup" in setup.given
        self.schedule = setup.schedule or (_CONSTANT if self.warmup else None)
        if self.symbol.endswith("0"):  # eta0 is the rate before it changes
            self.stem = self.symbol[:-1]

    def names(self) -> list[str]:
        """The names under which the rate of a step may be asked for; `lr0` is `lr` in step 0."""
        plain = [name for name in SETTINGS["lr"].names if not name.endswith("0")]
        return [self.stem, *plain] if self.varies() else []

    def varies(self) -> bool:
        """Whether each step has a rate of its own."""
        return self.schedule is not None or self.written is not None

    def at(self, number: int) -> str | None:
        """The name of the rate of a step, which is written if it varies; None if there is none."""
        if not self.varies():
            return self.symbol or None
        own = self.of_count(number if self._is_list() else self._count(number))
        self.used[number] = own
        return own

    def _is_list(self) -> bool:
        return self.written is not None and self.written.text.strip().startswith("[")

    def of_count(self, count: int) -> str:
        """Write the rate with the number that the schedule counts; its name."""
        writer = self.writer
        own = numbered(self.stem, count)
        if own in writer.written or own in writer.given:
            return own
        if self.written is not None:
            self._own(own, self.written, count)
        else:
            writer.emit(own, self._scheduled(count), writer.setup.body.schedule)
        return own

    def _own(self, own: str, written: Written, count: int) -> None:
        """A formula in t, or an entry of a list."""
        writer = self.writer
        setup = writer.setup
        text = written.text.strip()
        if text.startswith("["):
            values = [part.strip() for part in text.strip("[]").split(",")]
            position = count - writer.first
            if not 0 < position <= len(values):
                raise InputError(
                    f"there are only {len(values)} learning rates, but {position} steps",
                    written.origin,
                    "give one for each step",
                )
            value: Any = read_number(values[position - 1])
            if value is None:
                hint = "write a number for each step"
                raise InputError(f"'{values[position - 1]}' is no number", written.origin, hint)
            writer.given[own] = Given(own, value, written.origin)
            return
        counters = {"t": str(count), "k": str(count), "n": str(count)}
        mapping = {name: text for name, text in counters.items() if name not in setup.given}
        writer.emit(own, renamed(written, mapping).text, written)

    def _count(self, number: int) -> int:
        """What the schedule counts a step as."""
        setup = self.writer.setup
        first = "1" if self.written is not None or self.warmup else "0"
        start = int(setup.choice("schedule_start", first))
        if setup.choice("schedule_unit", "step") == "epoch":
            return (number - 1) // self.writer.steps_in_epoch() + start
        return number - 1 + start

    def _scheduled(self, count: int) -> str:
        writer = self.writer
        setup = writer.setup
        schedule = self.schedule
        assert schedule is not None  # noqa: S101  (that is what was asked)
        if not self.symbol:
            raise setup.needs("lr")
        warmup: Any = given_value(setup.given["warmup"]) if self.warmup else 0
        if self.warmup and count <= warmup:
            return f"{self.symbol}*{count}/warmup"
        if "pi" in schedule.text and "pi" not in setup.given:
            writer.given["pi"] = Given("pi", Fraction(PI), writer.place)
        mapping = {"lr": self.symbol, "s": f"({count} - warmup)" if self.warmup else str(count)}
        for role, names, usual in schedule.settings:
            name = next((name for name in names if name in setup.given), "")
            if not name and not usual:
                place = setup.body.schedule.origin if setup.body.schedule else writer.place
                hint = f"write {role}: 10 under 'given'"
                raise InputError(f"the schedule '{schedule.name}' needs '{role}'", place, hint)
            mapping[role] = f"({name} - warmup)" if role == "T" and self.warmup else name or usual
            if role == "T" and count > given_value(setup.given[name]):
                return self._at_the_end(schedule, name)
        text = schedule.text
        if mapping.get("lr_end") == "0":
            for nothing in (" - lr_end", " + lr_end", "lr_end + "):
                text = text.replace(nothing, "")
        return renamed(Written(text, writer.place), mapping).text

    def _at_the_end(self, schedule: Schedule, total: str) -> str:
        """The rate of a schedule that has come to its end: it stays what it was there."""
        setup = self.writer.setup
        words = f"past {total} the rate stays as it is there"
        setup.note("schedule_end", "constant", words)
        ends = next(names for role, names, _ in schedule.settings if role == "lr_end")
        return next((name for name in ends if name in setup.given), "0")

    def uses(self, name: str) -> bool:
        """Whether a given value is a setting of the schedule."""
        row = self.schedule
        words = [] if self.written is None else names_in(self.written.text)
        roles = row.settings if row is not None else ()
        return name in words or any(name in names for _, names, _ in roles) or name == "warmup"
