"""The steps of an optimizer written out as equations, each name with the number of its step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import InputError
from hwsolve.problem.model import Given, Written
from hwsolve.solvers.graph import given_value, parsed
from hwsolve.solvers.optimizer_data import NO_UNIT, data_step, is_output, unit_of
from hwsolve.solvers.optimizer_limits import limited
from hwsolve.solvers.optimizer_names import names_in, numbered, renamed
from hwsolve.solvers.optimizer_rate import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.solvers.optimizer_data import Unit
    from hwsolve.solvers.optimizer_names import Mention
    from hwsolve.solvers.optimizer_setup import Setup

ROOT: Final = re.compile(r"ROOT\(([^()]*)\)")
# A function is called: what is inside it deserves a line.
_CALL: Final = re.compile(r"[^\W\d]\w*\s*\(")
# What the quantities of a step may be called in what is asked; the first is the usual name.
GRADIENT: Final = ("g", "grad", "gradient")
CLIPPED: Final = ("clipped", "gclip", "gclipped", "g_clipped", "gc", "ghat")
LENGTH: Final = ("norm", "gnorm", "length", "global_norm", "total_norm")
DECAYED: Final = ("gd", "g_decayed", "gwd", "greg")
CHANGE: Final = ("change", "update", "delta", "Δ", "step", "d")
LOOK: Final = ("look", "ahead", "lookahead")
CURVATURE: Final = ("h", "H")
# How a corrected moment is written, by the letter of the moment.
HATS: Final = ("{}hat", "{}_hat", "{}\u0302", "{}corrected", "{}_corrected", "{}bar")


class Writer:
    """Writes the steps of a problem, and on demand what else was asked for.

    Attributes:
        equations: what was written so far, in order.
        own_lines: the numbers of the equations that the rule makes.
        given: the given values, with the start of parameters and states, and the examples.
        columns: the quantities with a number, in the order of a step.
        stems: the quantities by every name that they may be asked by.
        last: the number of the last step that was written.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        said = setup.body.rule or setup.body.loss
        self.place = said.origin if said is not None else setup.problem.place
        self.names = list(setup.parameters)
        self.single = len(self.names) == 1
        self.equations: list[Written] = list(setup.fixed)
        self.given: dict[str, Given] = {}
        self.own_lines: set[int] = set()
        self.columns: list[str] = []
        self.written: set[str] = set()
        self.numbers: dict[int, list[str]] = {}
        self.first = self.last = setup.body.done
        self.locals = {
            name: set(equation.parameters or ())
            for (name, _), equation in zip(
                setup.equations, parsed([w for _, w in setup.equations]), strict=True
            )
        }
        self.stems: dict[str, str] = {}
        self.rate = Rate(self)
        self.unit: Unit = unit_of(self) if setup.rule.on_data else NO_UNIT
        self._letters()
        self._start()

    # -- names -----------------------------------------------------------------

    def _letters(self) -> None:
        """Choose what the quantities are called, and note every name they answer to."""
        setup, rule = self.setup, self.setup.rule
        suffix = "" if self.single else f"_{self.names[0]}" if self.names else ""
        groups = {"g": GRADIENT, "gd": DECAYED, "look": LOOK, "h": CURVATURE}
        if setup.body.clip:
            groups["clip"] = CLIPPED
        groups.update({group[0]: group for group in rule.states})
        lines = [name for name, _ in rule.lines if name != "w" and name not in groups]
        groups.update({name: (name,) for name in lines})
        groups["change"] = CHANGE
        self.letters: dict[str, str] = {}
        taken: set[str] = set()
        for role, letters in groups.items():
            if role in {"mhat", "vhat"}:
                moment = self.letters.get(role[0], role[0])
                letters = groups[role] = tuple(hat.format(moment) for hat in HATS)  # noqa: PLW2901
            free = tuple(letter for letter in letters if letter not in taken) or letters
            self.letters[role] = setup.letter(free, suffix, remembered=letters in rule.states)
            taken.add(self.letters[role])
        self.length = setup.letter(LENGTH)
        self._answer_to(groups)

    def _answer_to(self, groups: Mapping[str, tuple[str, ...]]) -> None:
        """Note every name that a quantity may be asked by."""
        setup, unit = self.setup, self.unit
        self.stems.update({name: name for name, _ in setup.equations})
        for role, letters in groups.items():
            # a letter that another role has as its own name means that one
            others = set(self.letters.values()) - {self.letters[role]}
            for name in self.names:
                stem = self.stem(role, name)
                for letter in letters:
                    if self.single and letter not in others:
                        self.stems.setdefault(letter, stem)
                    self.stems.setdefault(f"{letter}_{name}", stem)
                if role == "change":
                    self.stems.setdefault(f"Δ{name}", stem)
        if unit.pairs:
            self.stems.update({stem: stem for stem in (unit.total, unit.output, unit.error)})
        if setup.body.clip:
            for letter in LENGTH:
                self.stems.setdefault(letter, self.length)
        self.stems.update({name: name for name in self.names})
        for name in self.rate.names():
            self.stems.setdefault(name, self.rate.stem)

    def stem(self, role: str, name: str) -> str:
        """What a quantity of a parameter is called: `m`, or `m_w` beside other parameters."""
        letter = self.letters[role]
        return letter if self.single else f"{letter}_{name}"

    def _start(self) -> None:
        """The values before the first step become given values with the number 0."""
        setup = self.setup
        for name, parameter in setup.parameters.items():
            self._give(numbered(name, self.first), parameter.start)
        self.given.update(setup.given)
        zeros: list[str] = []
        for group in setup.rule.states:
            for name, parameter in setup.parameters.items():
                stem = self.stem(group[0], name)
                known = self._first_values(group, stem, name)
                if known:
                    self._give(numbered(stem, self.first), self.given.pop(known[0]))
                    setup.given.pop(known[0])
                    continue
                first: Any = 1 if group[0] == "p" else 0
                value = _filled(parameter.shape, first)
                self._give(numbered(stem, self.first), Given(stem, value, self.place))
                zeros += [numbered(stem, self.first)] if not first else []
        if zeros and setup.rule.states:
            verb = "is" if len(zeros) == 1 else "are"
            setup.note("initial_state", "zero", f"{', '.join(zeros)} {verb} 0 at the start")

    def _first_values(self, group: tuple[str, ...], stem: str, name: str) -> list[str]:
        """The given names that a first value of what is remembered has, under any letter."""
        others = set(self.letters.values()) - {stem}
        letters = [letter for letter in group if letter not in others]
        stems = [stem, *(letters if self.single else ()), *(f"{each}_{name}" for each in letters)]
        texts = [text for each in stems for text in (numbered(each, self.first), each)]
        texts.append(f"{stem}_{self.first}")
        return [text for text in texts if text in self.setup.given]

    def _give(self, name: str, value: Given) -> None:
        if name in self.given:
            return
        self.given[name] = value._replace(name=name)

    # -- writing ---------------------------------------------------------------

    def emit(self, name: str, body: str, origin: Written | None = None) -> None:
        """Write an equation of the rule, whose every character stands where the rule does."""
        if name in self.written:
            return
        self.written.add(name)
        text = f"{name} = {body}"
        place = origin.origin if origin is not None else self.place
        line, column = place[1:]
        breaks = tuple((offset, line, column) for offset in range(1, len(text) + 1))
        self.own_lines.add(len(self.equations))
        self.equations.append(Written(text, place, breaks))

    def column(self, stem: str, number: int) -> None:
        """Note that a quantity has a value in a step, for the table of steps."""
        if stem not in self.columns:
            self.columns.append(stem)
        self.numbers.setdefault(number, []).append(numbered(stem, number))

    def versions(self, number: int) -> dict[str, str]:
        """The parameters at a step."""
        return {name: numbered(name, number) for name in self.names}

    def held(self) -> frozenset[str]:
        """The updated parameters that a later gradient of the same step takes as they are."""
        if self.setup.stated("update") != "in_turn":
            return frozenset()
        steps = range(self.first + 1, self.last + 1)
        return frozenset(numbered(name, step) for name in self.names for step in steps)

    def indices(self, step: int) -> list[int]:
        """The examples, counted from 1, that a step sees."""
        setup = self.setup
        if not setup.batch:
            return []
        low = (step - 1) % self.steps_in_epoch() * setup.batch
        return setup.order[low : low + setup.batch]

    def steps_in_epoch(self) -> int:
        """The number of steps that see all data once."""
        setup = self.setup
        return -(-len(setup.order) // setup.batch) if setup.batch else 1

    def example(self, number: int) -> dict[str, str]:
        """The names of the values of an example, which become given values."""
        names = {}
        for name, data in self.setup.data.items():
            value = given_value(data)
            names[name] = f"{name}_{number}"
            self._give(f"{name}_{number}", Given(name, value[number - 1], data.place))
        return names

    def model(
        self, versions: Mapping[str, str], number: int, example: int | None = None, more: str = ""
    ) -> dict[str, str]:
        """The equations for parameters of a step and an example; the names that they get.

        `more` stands behind the names where they are worked out at another point than the
        parameters of the step.
        """
        setup = self.setup
        one = example is not None and setup.batch == 1 and example in self._of_step(number)
        behind = None if one or example is None else example
        names = {name: numbered(name, number, behind) + more for name, _ in setup.equations}
        mapping = {**versions, **(self.example(example) if example else {}), **names}
        for name, written in setup.equations:
            if names[name] in self.written:
                continue
            self.written.add(names[name])
            if behind is not None and not _CALL.search(written.text.partition("=")[2]):
                self.own_lines.add(len(self.equations))
            local = self.locals[name]
            mine = {old: new for old, new in mapping.items() if old not in local}
            self.equations.append(renamed(written, mine))
            if not more and behind is None and not local:
                self.column(name, number)
        return names

    def _of_step(self, number: int) -> list[int]:
        """The examples for which quantities with a number and no example are worked out."""
        return self.indices(min(number + 1, max(self.last, self.first + 1)))

    def loss_at(self, versions: Mapping[str, str], number: int, more: str = "") -> str:
        """Write the loss of the batch that is current at a step; its name."""
        setup = self.setup
        indices = self._of_step(number)
        if len(indices) < 2:  # noqa: PLR2004  (one example, or no data)
            example = indices[0] if indices else None
            return self.model(versions, number, example, more)[setup.loss]
        parts = [self.model(versions, number, example, more)[setup.loss] for example in indices]
        name = numbered(setup.loss, number) + more
        self._mean(name, parts)
        if not more:
            self.column(setup.loss, number)
        return name

    def _mean(self, name: str, parts: Sequence[str]) -> None:
        if self.setup.choice("reduction", "examples") == "sum":
            self.emit(name, " + ".join(parts))
        else:
            self.emit(name, f"({' + '.join(parts)})/{len(parts)}")

    # -- a step ----------------------------------------------------------------

    def step(self) -> None:
        """Write one step more."""
        number = self.last + 1
        self.last = number
        setup = self.setup
        if setup.rule.on_data:
            data_step(self, number)
            return
        in_turn = setup.choice("update", "simultaneous") == "in_turn" if not self.single else False
        rate = self.rate.at(number)
        if not in_turn:
            gradients = {name: self._gradient(name, number) for name in self.names}
            gradients = limited(self, gradients, number)
            for name in self.names:
                self._update(name, gradients[name], rate, number)
            return
        for position, name in enumerate(self.names):
            versions = self.versions(number - 1)
            versions.update({done: numbered(done, number) for done in self.names[:position]})
            gradient = self._gradient(name, number, versions, f"_{name}" if position else "")
            gradients = limited(self, {name: gradient}, number)
            self._update(name, gradients[name], rate, number)

    def _gradient(
        self,
        name: str,
        number: int,
        versions: dict[str, str] | None = None,
        more: str = "",
    ) -> str:
        """Write the gradient of a parameter; its name."""
        setup = self.setup
        stem = self.stem("g", name)
        own = numbered(stem, number)
        versions = versions or self.versions(number - 1)
        if setup.rule.look:
            versions = {each: self._look(each, number) for each in self.names}
            more = "_" + self.letters["look"]
        self.column(stem, number)
        gradient = setup.gradients.get(name, setup.gradients.get("") if self.single else None)
        if isinstance(gradient, Given):
            self._give(own, Given(own, self._listed(gradient, number), gradient.place))
        elif gradient is not None:
            self._formula(own, gradient, versions, number)
        elif setup.loss:
            self._derivative(own, versions[name], versions, number, more)
        else:
            hint = "write 'loss: (w - 3)^2', or 'gradients: [4, 2]'"
            raise InputError(f"there is no gradient for '{name}'", self.place, hint)
        return own

    def _derivative(
        self, own: str, by: str, versions: Mapping[str, str], number: int, more: str
    ) -> None:
        """The derivative of the loss; of several examples that of each, and their mean."""
        loss = self.loss_at(versions, number - 1, more)
        indices = self._of_step(number - 1)
        if len(indices) < 2:  # noqa: PLR2004  (one example, or no data)
            self.emit(own, f"d{loss}/d{by}")
            return
        parts = []
        for example in indices:
            part = self.model(versions, number - 1, example, more)[self.setup.loss]
            parts.append(f"{own}_{example}")
            self.emit(parts[-1], f"d{part}/d{by}")
        self._mean(own, parts)

    def _listed(self, gradient: Given, number: int) -> Any:
        value = given_value(gradient)
        if not self.setup.gradient_list(gradient):
            return value
        if number - self.first > len(value):
            raise InputError(
                f"there are only {len(value)} gradients, but {number - self.first} steps",
                gradient.place,
                "give one for each step",
            )
        return value[number - self.first - 1]

    def _formula(
        self, own: str, gradient: Written, versions: Mapping[str, str], number: int
    ) -> None:
        indices = self._of_step(number - 1)
        parts = []
        for example in indices or [None]:  # type: ignore[list-item]  # no data: no example
            names = self.model(versions, number - 1, example)
            values = self.example(example) if example else {}
            written = renamed(gradient, {**versions, **names, **values})
            part = own if len(indices) < 2 else f"{own}_{example}"  # noqa: PLR2004  (several)
            self.emit(part, written.text, gradient)
            parts.append(part)
        if len(parts) > 1:
            self._mean(own, parts)

    def _look(self, name: str, number: int) -> str:
        """Write the point to which the velocity alone would lead; its name."""
        own = numbered(self.stem("look", name), number)
        rate = self.rate.at(number)
        self.emit(own, self._line(self.setup.rule.look, name, "", rate, number))
        return own

    def _update(self, name: str, gradient: str, rate: str | None, number: int) -> None:
        """Write the lines of the rule for a parameter."""
        setup = self.setup
        decay = setup.settings.get("wd")
        for line, body in setup.rule.lines:
            stem = name if line == "w" else self.stem(line, name)
            if line == "w" and rate is None and not setup.rule.usual:
                self._without_rate(name)
                return
            text = body
            decays = line == "w" and decay and setup.rule.name != "adamw"
            if decays and setup.choice("weight_decay", "coupled") == "decoupled":
                text = "(1 - lr*wd)*" + body
            if "NEWTON" in text:
                from hwsolve.solvers.optimizer_newton import newton_step

                text = text.replace("NEWTON", newton_step(self, name, number))
            self.column(stem, number)
            self.emit(numbered(stem, number), self._line(text, name, gradient, rate, number))

    def _without_rate(self, name: str) -> None:
        """A rate is needed only if something asks for the parameter."""
        setup = self.setup
        asked = [stem for stem in setup.asked if self.asks_for(stem, name)]
        if asked or not setup.problem.find:
            raise setup.needs("lr")

    def asks_for(self, text: str, name: str) -> bool:
        """Whether a name that is asked for means a parameter or its change."""
        from hwsolve.solvers.optimizer_names import mention

        found = mention(text, self.stems)
        stem = self.stems[found.stem] if found else self.stems.get(text, "")
        return stem in {name, self.stem("change", name)}

    def _line(self, body: str, name: str, gradient: str, rate: str | None, number: int) -> str:
        """A line of the rule in the names of a step."""
        setup = self.setup
        text = ROOT.sub(self.root, body)
        if "lr" not in setup.settings and rate is None:
            text = text.replace("lr*", "")
        mapping = {"w": numbered(name, number), "w'": numbered(name, number - 1)}
        mapping |= {"g": gradient, "t": str(number)}
        for role in (*(group[0] for group in setup.rule.states), *_roles(setup)):
            stem = self.stem(role, name)
            mapping[role] = numbered(stem, number)
            mapping[f"{role}'"] = numbered(stem, number - 1)
        for role, symbol in setup.settings.items():
            mapping[role] = symbol
        if rate is not None:
            mapping["lr"] = rate
        missing = [word for word in names_in(text) if word not in mapping and word in _NEEDED]
        if missing:
            raise setup.needs(missing[0])
        written = renamed(Written(text, self.place), mapping)
        return written.text

    def root(self, found: re.Match[str]) -> str:
        """A square root with epsilon where it belongs; without it where it is 0."""
        setup = self.setup
        symbol = setup.settings.get("eps", "")
        given = setup.given.get(symbol)
        if given is not None and given.formula is None and given.value == 0:
            return f"sqrt({found[1]})"
        if setup.choice("epsilon", "outside") == "inside":
            return f"sqrt({found[1]} + eps)"
        return f"(sqrt({found[1]}) + eps)"

    # -- what else is asked for --------------------------------------------------

    def want(self, wanted: Mention) -> None:
        """Write what was asked for and no step needs."""
        name = numbered(wanted.stem, wanted.number, wanted.example)
        if name in self.written or name in self.given:
            return
        setup = self.setup
        versions = self.versions(wanted.number)
        changes = {self.stem("change", each): each for each in self.names}
        own = {known for known, _ in setup.equations}
        if wanted.stem in own and wanted.number >= self.first and not setup.rule.on_data:
            if wanted.example == "all":
                self._over_all(name, wanted, versions)
            elif wanted.example is not None:
                self.model(versions, wanted.number, self._known(wanted.example))
            elif wanted.stem == setup.loss:
                self.loss_at(versions, wanted.number)
            else:
                indices = self._of_step(wanted.number)
                self.model(versions, wanted.number, indices[0] if len(indices) == 1 else None)
        elif wanted.stem in changes and wanted.number > self.first:
            each = changes[wanted.stem]
            after, before = numbered(each, wanted.number), numbered(each, wanted.number - 1)
            self.emit(name, f"{after} - {before}")
        elif wanted.stem == self.rate.stem:
            self.rate.of_count(wanted.number)
        elif setup.rule.on_data and is_output(self, wanted):
            pass

    def _over_all(self, name: str, wanted: Mention, versions: Mapping[str, str]) -> None:
        count = self.setup.examples
        parts = [
            self.model(versions, wanted.number, example)[wanted.stem]
            for example in range(1, count + 1)
        ]
        self._mean(name, parts)

    def _known(self, example: str) -> int:
        if not 0 < int(example) <= self.setup.examples:
            count = self.setup.examples
            raise InputError(
                f"there is no example {example}", self.place, f"there are {count}, from 1 on"
            )
        return int(example)


_NEEDED: Final = frozenset({"lr", "mu", "rho", "beta1", "beta2", "eps", "psi", "wd"})


def _roles(setup: Setup) -> list[str]:
    """The quantities that a rule works out and does not remember."""
    states = {group[0] for group in setup.rule.states}
    return [name for name, _ in setup.rule.lines if name != "w" and name not in states]


def _filled(shape: tuple[int, ...], value: Any) -> Any:
    return [_filled(shape[1:], value) for _ in range(shape[0])] if shape else value
