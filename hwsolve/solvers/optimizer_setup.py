"""What an optimizer problem says: its rule, parameters, settings, gradients and examples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import InputError, did_you_mean
from hwsolve.expr.graph import shape_of
from hwsolve.expr.losses import find_loss
from hwsolve.expr.parser import Equation, normal_name
from hwsolve.nets.optimizers import (
    SETTINGS,
    Rule,
    Schedule,
    form_of,
    known_rules,
    known_schedules,
    rules_named,
    schedule_named,
)
from hwsolve.problem.conventions import BY_NAME, meaning
from hwsolve.problem.model import Given, Optimizer, Written
from hwsolve.problem.values import number
from hwsolve.solution import Convention
from hwsolve.solvers.graph import given_value, parsed
from hwsolve.solvers.optimizer_names import names_in, numbered
from hwsolve.solvers.optimizer_parameters import DATUM, found_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwsolve.problem.model import Problem

# What a loss without a name is called: the first of these that is asked for, or L.
LOSS_LETTERS: Final = ("L", "J", "E", "C", "f", "Loss", "loss", "cost", "Q", "R", "F", "l")
TARGETS: Final = ("t", "y", "d", "target", "targets", "label", "labels", "T", "Y")
_FUNCTION = re.compile(r"\s*([^\W\d]\w*)\s*(\([^()=]*\))\s*(?::=|=(?!=)|←)")


class Parameter(NamedTuple):
    """A parameter: its name, its first value, and the shape of it, () for a number."""

    name: str
    start: Given
    shape: tuple[int, ...]


class Setup:
    """A problem of this kind with everything that was left open decided.

    Attributes:
        rule: the update rule, in the form that the conventions choose.
        parameters: by name, in the order of the file.
        given: the other given values, and the settings that were left to their usual values.
        settings: the name in the equations by the name in the rule.
        equations: what depends on parameters or examples: name, and text.
        fixed: the equations that depend on neither.
        loss: the name of the loss, "" where gradients are given.
        gradients: lists of values by parameter, or formulas.
        examples: how many there are, 0 without data.
        order: the examples as they are seen, counted from 1.
        batch: how many a step sees.
        conventions: those that were decided here.
    """

    def __init__(self, problem: Problem) -> None:
        body = problem.body
        assert isinstance(body, Optimizer)  # noqa: S101  (the reader made it one)
        self.problem = problem
        self.body = body
        self.conventions: list[Convention] = []
        self.warnings: list[str] = []
        self.given = {normal_name(name): value for name, value in problem.given.items()}
        self.data = {normal_name(name): value for name, value in body.data.items()}
        self._data_among_given()
        self.examples = max((len(value.value or ()) for value in self.data.values()), default=0)
        self.rule = self._rule()
        self.asked = self._asked()
        self.equations: list[tuple[str, Written]] = []
        self.fixed: list[Written] = []
        self.loss = ""
        self.gradients = self._gradients()
        self.settings: dict[str, str] = {}
        self.parameters: dict[str, Parameter] = {}
        self._model()
        self.schedule = self._schedule()
        self._parameters()
        self._settings()
        self._divide()
        self.order = self._order()
        self.batch = self._batch()

    def _data_among_given(self) -> None:
        """Take lists of one length as the examples of a rule that cannot do without."""
        forms = rules_named(self.body.rule.text) if self.body.rule is not None else ()
        if self.data or not forms or not forms[0].on_data:
            return
        lists = {
            name: len(value.value)
            for name, value in self.given.items()
            if isinstance(value.value, list) and DATUM.match(name) and name not in self.body.start
        }
        target = next((name for name in TARGETS if name in lists), "")
        for name, length in lists.items():
            if length == lists.get(target):
                self.data[name] = self.given.pop(name)

    # -- conventions ---------------------------------------------------------

    def stated(self, name: str) -> str:
        """What the problem says about a convention, "" where it says nothing."""
        written = self.problem.conventions.get(name)
        return written.text if written is not None else ""

    def choice(self, name: str, default: str = "") -> str:
        """A convention's value, noted as one that mattered."""
        value = self.stated(name) or default or BY_NAME[name].default
        source = "problem" if self.stated(name) else "default"
        note = Convention(name, value, meaning(name, value), source)
        if note not in self.conventions:
            self.conventions.append(note)
        return value

    def note(self, name: str, value: str, words: str, source: str = "default") -> None:
        """Print a choice that is no row of the table of conventions."""
        self.conventions.append(Convention(name, value, words, source))

    # -- the rule ------------------------------------------------------------

    def _rule(self) -> Rule:
        written = self.body.rule
        text = written.text if written is not None else "gradient descent"
        forms = rules_named(text)
        if not forms:
            known = known_rules()
            assert written is not None  # noqa: S101  (the default is known)
            hint = did_you_mean(text, known) or f"known are {', '.join(rules())}"
            raise InputError(f"there is no rule '{text}'", written.origin, hint)
        stated = {name: value.text for name, value in self.problem.conventions.items()}
        if forms[0].name == "nesterov" and self.body.gradients and "nesterov" not in stated:
            stated["nesterov"] = "pytorch"
        rule = form_of(forms, stated)
        for name, value in rule.when:
            if name in {"momentum", "nesterov", "nadam"} or self.stated(name):
                self.choice(name, value)
        return rule

    def one_by_one(self) -> bool:
        """Whether the rule usually sees one example at a time."""
        words = self.body.rule.text.lower() if self.body.rule is not None else ""
        stochastic = "sgd" in words or "stochastic" in words
        return self.rule.on_data or (stochastic and "mini" not in words and "batch" not in words)

    def _asked(self) -> list[str]:
        texts = [*self.problem.find, *self.body.after, *self.problem.settings.entries]
        return [name for written in texts for name in names_in(written.text)]

    def letter(
        self, letters: tuple[str, ...], suffix: str = "", *, remembered: bool = False
    ) -> str:
        """The letter of a quantity: the one that is asked for, or the usual one.

        What a rule remembers may have its first value among the given ones.
        """
        taken = {*self.data, *self.parameters, *(name for name, _ in self.equations)}
        taken |= set(self.settings.values()) if remembered else set(self.given)
        for letter in letters:
            if letter in taken:
                continue
            pattern = re.compile(rf"{re.escape(letter + suffix)}_?\d*\Z")
            if any(pattern.match(name) for name in (*self.asked, *self.given)):
                return letter
        return next((letter for letter in letters if letter not in taken), letters[0])

    # -- what is minimised ---------------------------------------------------

    def _gradients(self) -> dict[str, Given | Written]:
        found = dict(self.body.gradients)
        if found or self.body.loss is not None or self.rule.on_data:
            return {normal_name(name): value for name, value in found.items()}
        for name in ("g", "grad", "gradient"):
            if name in self.given:
                return {"": self.given.pop(name)}
            values: list[Given] = []
            while f"{name}{len(values) + 1}" in self.given:
                values.append(self.given.pop(f"{name}{len(values) + 1}"))
            if values:
                whole = [given_value(value) for value in values]
                return {"": Given("", whole, values[0].place)}
        return {}

    def _model(self) -> None:
        """The equations with the loss behind them, each under its name."""
        own = list(self.body.equations)
        names = [_target(equation) for equation in parsed(own)]
        written = self.body.loss
        if written is not None:
            own.append(self._loss(written, names))
            names.append(_target(parsed(own[-1:])[0]))
            self.loss = names[-1]
        elif not self.gradients and not self.rule.on_data:
            letter = next((name for name in reversed(names) if name in LOSS_LETTERS), "")
            if letter:
                self.loss = letter
        self.equations = list(zip(names, own, strict=True))
        if self.loss and self.gradients:
            raise InputError(
                "there are both gradients and a loss",
                self.problem.place,
                "the gradients follow from the loss: remove one of the two",
            )

    def _loss(self, written: Written, names: list[str]) -> Written:
        text = written.text
        function = _FUNCTION.match(text)
        if function is not None:  # f(x, y) = ...: the loss f of the parameters
            start, end = function.span(2)
            return _without(written, start, end)
        if re.search(r"(?<![<>=!])=(?!=)|:=|←", re.sub(r"\([^()]*\)", "", text)):
            return written
        taken = {*names, *self.given, *self.data}
        letters = [letter for letter in LOSS_LETTERS if letter not in taken]
        wanted = [
            letter
            for letter in letters
            if any(re.match(rf"{letter}_?\d", name) for name in self.asked)
        ]
        letter = [*wanted, *letters][0]
        loss = find_loss(text) if re.fullmatch(r"[\w\s-]+", text) else None
        if loss is not None and text not in {*self.given, *names}:
            target = self.target()
            predictions = [name for name in names if name != target]
            if not predictions or not target:
                raise InputError(
                    f"the loss '{text}' compares a prediction with a target",
                    written.origin,
                    "write the prediction under 'equations', yhat = w*x, and give y, "
                    "or write the loss as a formula",
                )
            text = f"{loss.name}({predictions[-1]}, {target})"
            self.note("loss", loss.name, f"the loss is {loss.convention}", "problem")
            return Written(f"{letter} = {text}", written.origin)
        ahead = len(letter) + 3
        _, line, column = written.origin
        breaks = [(ahead, line, column)]
        breaks += [(offset + ahead, row, place) for offset, row, place in written.breaks]
        return Written(f"{letter} = {text}", written.origin, tuple(breaks))

    def target(self) -> str:
        """The name of the wanted output, "" where there is none."""
        if self.body.target is not None:
            name = normal_name(self.body.target.text)
            if name not in self.data and name not in self.given:
                raise InputError(
                    f"'{name}' is not given", self.body.target.origin, "write it under 'data'"
                )
            return name
        known = self.data or self.given
        return next((name for name in TARGETS if name in known), "")

    # -- parameters ----------------------------------------------------------

    def used(self) -> set[str]:
        """The names that equations, loss and gradients use."""
        texts = [written.text for _, written in self.equations]
        texts += [v.text for v in self.gradients.values() if isinstance(v, Written)]
        if self.body.lr is not None:
            texts.append(self.body.lr.text)
        return {name for text in texts for name in names_in(text)}

    def _parameters(self) -> None:
        named = {normal_name(written.text): written for written in self.body.parameters}
        start = self._stated_start()
        names: list[str] = [*start, *(name for name in named if name not in start)]
        names += [name for name in self.gradients if name and name not in names]
        if not names:
            names = found_parameters(self)
        for name in names:
            if name in self.data:
                hint = "use another name for one of them"
                place = self.data[name].place
                raise InputError(
                    f"'{name}' is a parameter and stands under 'data' too", place, hint
                )
            value = start.get(name) or self._start(name)
            if value is None and name in named:
                hint = f"write {name}: 0 under 'start'"
                raise InputError(f"the parameter '{name}' has no value", named[name].origin, hint)
            if value is None:
                zero = self._zero(name)
                words = f"{name} is not given, so it starts at 0"
                self.note("start", "zero", words)
                value = Given(name, zero, self.problem.place)
            shape = shape_of(given_value(value))
            self.parameters[name] = Parameter(name, value, shape)
        if not self.parameters and (self.loss or self.gradients or self.rule.on_data):
            hint = "write 'start: {w: 0}' with the values before the first step"
            raise InputError("there are no parameters", self.problem.place, hint)
        for name in self.gradients:
            if name and start and name not in start:
                gradient = self.gradients[name]
                place = gradient.place if isinstance(gradient, Given) else gradient.origin
                hint = did_you_mean(name, list(start)) or f"write {name}: 0 under 'start'"
                raise InputError(f"the parameter '{name}' has no value", place, hint)

    def _stated_start(self) -> dict[str, Given]:
        """The values under `start`; `w0` stands for `w` where only `w` is used."""
        used = self.used()
        found: dict[str, Given] = {}
        for written in self.body.start:
            name = normal_name(written)
            value = self.given.pop(name)
            stem = name.removesuffix(str(self.body.done)).removesuffix("_")
            found[stem if stem in used and name not in used else name] = value
        return found

    def _start(self, name: str) -> Given | None:
        done = self.body.done
        for known in (name, numbered(name, done), f"{name}_{done}", f"{name}_start"):
            if known in self.given:
                return self.given.pop(known)
        return None

    def _zero(self, name: str) -> Any:
        gradient = self.gradients.get(name, self.gradients.get(""))
        if not isinstance(gradient, Given):
            return 0
        value = given_value(gradient)
        inner = value[0] if isinstance(value, list) and self.gradient_list(gradient) else value
        return _zeros(shape_of(inner))

    def gradient_list(self, gradient: Given) -> bool:
        """Whether given gradients are one for each step: they are, unless it is one number."""
        return isinstance(gradient.value, list) or gradient.formula is not None

    # -- settings ------------------------------------------------------------

    def setting_names(self, used: set[str]) -> set[str]:
        """The given names that are settings of the rule."""
        taken: set[str] = set()
        for role in (*self.rule.settings, "wd"):
            name = self._named(role, taken, used)
            if name:
                taken.add(name)
        for _, names, _ in self.schedule.settings if self.schedule else ():
            taken.update(name for name in names if name in self.given)
        return taken | ({"warmup"} & set(self.given))

    def _named(self, role: str, taken: set[str], used: set[str]) -> str:
        for name in SETTINGS[role].names:
            if name in self.given and name not in taken and name not in used:
                return name
        return ""

    def _settings(self) -> None:
        used = self.used()
        taken: set[str] = set(self.parameters)
        usual = dict(self.rule.usual)
        coupled = self.rule.name != "adamw"
        for role in (*self.rule.settings, *(("wd",) if coupled else ())):
            if role == "lr" and self.body.lr is not None:
                continue
            name = self._named(role, taken, used)
            if name:
                self.settings[role] = name
                taken.add(name)
                continue
            default = usual.get(role, SETTINGS[role].usual)
            if role == "wd" and coupled:
                continue
            if default:
                self._usual(role, default)
        if self.body.lr is not None:
            self._own_rate(self.body.lr)
        self._once({*used, *taken, *self.asked})

    def _once(self, needed: set[str]) -> None:
        """Refuse a second name for a setting, if it can mean nothing else and is not needed."""
        rows = self.schedule.settings if self.schedule else ()
        own = {name for _, names, _ in rows for name in names}
        for role, name in self.settings.items():
            elsewhere = {n for other, row in SETTINGS.items() if other != role for n in row.names}
            for other in SETTINGS[role].names:
                if other in self.given and other not in {name, *needed, *own, *elsewhere}:
                    hint = f"remove '{name}' or '{other}'"
                    place = self.given[other].place
                    raise InputError(f"{SETTINGS[role].meaning} is given twice", place, hint)

    def _usual(self, role: str, default: str) -> None:
        if role == "lr":  # it is 1, and left out
            return
        name = "weight_decay" if role == "wd" else role
        value = number(default)
        self.given[name] = Given(name, value, self.problem.place)
        self.settings[role] = name
        self.note(name, default, f"{SETTINGS[role].meaning} is {default}")

    def _own_rate(self, written: Written) -> None:
        known = [name for name in ("lr", "eta", "alpha", "learning_rate") if name in self.given]
        if known:
            hint = f"remove the key 'lr', or '{known[0]}' under 'given'"
            raise InputError("the learning rate is given twice", written.origin, hint)
        value = number(written.text) if written.text else None
        if value is not None:
            self.given["lr"] = Given("lr", value, written.origin)
            self.settings["lr"] = "lr"

    def needs(self, role: str) -> InputError:
        """The error for a setting that a rule cannot do without."""
        setting = SETTINGS[role]
        rule = self.body.rule
        usual = setting.names[0]
        return InputError(
            f"{self.rule.name} needs {setting.meaning}",
            rule.origin if rule is not None else self.problem.place,
            f"give it as {usual}, {setting.names[1]} or {setting.names[2]}",
        )

    def _schedule(self) -> Schedule | None:
        written = self.body.schedule
        if written is None:
            return None
        schedule = schedule_named(written.text)
        if schedule is None:
            known = known_schedules()
            hint = did_you_mean(written.text, known) or f"known are {', '.join(known)}"
            raise InputError(f"there is no schedule '{written.text}'", written.origin, hint)
        return schedule

    # -- equations and examples ----------------------------------------------

    def _divide(self) -> None:
        """Tell equations that change from step to step from those that do not."""
        changing = {*self.parameters, *self.data}
        moving: list[tuple[str, Written]] = []
        equations = parsed([written for _, written in self.equations])
        for (name, written), equation in zip(self.equations, equations, strict=True):
            own = set(equation.parameters or ())
            if changing.isdisjoint(set(names_in(written.text)) - own):
                self.fixed.append(written)
            else:
                changing.add(name)
                moving.append((name, written))
        self.equations = moving
        if self.loss and self.loss not in changing:
            place = self.body.loss.origin if self.body.loss is not None else self.problem.place
            listed = ", ".join(self.parameters)
            hint = "write the parameters under 'start' by the names that the loss uses"
            raise InputError(f"the loss does not depend on {listed}", place, hint)
        for name in self.parameters:
            if name in {known for known, _ in self.equations}:
                place = self.parameters[name].start.place
                raise InputError(f"'{name}' is a parameter and has an equation too", place)

    def _order(self) -> list[int]:
        written = self.body.order
        if written is None:
            return list(range(1, self.examples + 1))
        words = [word.strip() for word in written.text.strip("[] ").split(",")]
        if not all(word.isdigit() and 0 < int(word) <= self.examples for word in words):
            hint = "write order: [2, 1, 3]"
            message = f"'order' lists examples by their numbers, from 1 to {self.examples}"
            raise InputError(message, written.origin, hint)
        return [int(word) for word in words]

    def _batch(self) -> int:
        if not self.data:
            if self.body.batch is not None:
                hint = "write the examples under 'data'"
                raise InputError("a batch is taken from data", self.problem.place, hint)
            return 0
        size = self.body.batch
        if size is None:
            size = 1 if self.one_by_one() or self.body.order else self.examples
            what = "one example after the other" if size == 1 else "all examples"
            self.note("batch", str(size), f"each step sees {what}")
        return min(size, len(self.order))

    def unused(self, texts: Iterable[str]) -> list[str]:
        """A sentence about given values that nothing uses."""
        words = {name for text in texts for name in names_in(text)}
        left = [name for name in self.given if name not in words]
        if not left:
            return []
        verb, them = ("is", "it") if len(left) == 1 else ("are", "them")
        return [f"{', '.join(left)} {verb} given, but nothing uses {them}"]


def rules() -> tuple[str, ...]:
    """The names of the rules, without their aliases."""
    from hwsolve.nets.optimizers import RULES

    return tuple(dict.fromkeys(rule.name for rule in RULES))


def _target(equation: Equation) -> str:
    target = equation.target
    name = getattr(target, "name", None) or getattr(getattr(target, "base", None), "name", "")
    return str(name)


def _without(written: Written, start: int, end: int) -> Written:
    """A text without a part of it, the rest with its places."""
    before, behind = written.part(0, start), written.part(end, len(written.text))
    row, column = written.place(end)[1:]
    moved = ((at + start, line, place) for at, line, place in behind.breaks)
    breaks = (*before.breaks, (start, row, column), *moved)
    return Written(before.text + behind.text, written.origin, breaks, written.quoted)


def _zeros(shape: tuple[int, ...]) -> Any:
    return [_zeros(shape[1:]) for _ in range(shape[0])] if shape else 0
