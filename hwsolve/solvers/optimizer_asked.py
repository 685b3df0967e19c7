"""What is asked of an optimizer: names in every spelling, and the step that each means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError, InputError
from hwsolve.expr.tokens import tokens
from hwsolve.solvers.optimizer_names import (
    NEWEST,
    Mention,
    bare,
    inside_derivative,
    mention,
    numbered,
    replaced,
)

if TYPE_CHECKING:
    from hwsolve.expr.tokens import Token
    from hwsolve.problem.model import Written
    from hwsolve.solvers.optimizer_equations import Writer

_UNTIL: Final = re.compile(
    r"\s*(?:steps_until|first_step|steps_to|until)\s*\((.*)\)\s*\Z", re.DOTALL
)
# Questions about the whole course of the steps, each with other names for it.
ANALYSES: Final = {
    "largest_lr": (
        "the largest learning rate that does not diverge: 2/λ, with momentum 2(1 + mu)/λ",
        ("lr_max", "max_lr", "eta_max", "largest_stable_lr", "stable_lr", "largest_step",
         "largest_step_size", "largest_learning_rate", "largest_eta", "alpha_max"),
    ),
    "best_lr": (
        "the fastest constant rate of gradient descent",
        ("optimal_lr", "eta_best", "eta_opt", "lr_opt", "best_eta", "optimal_eta"),
    ),
    "one_step_lr": (
        "the rate with which the first step ends at the minimum, or none",
        ("lr_one_step", "one_step_eta", "newton_lr"),
    ),
    "line_search_lr": (
        "the rate with which the first step lowers the loss most",
        ("exact_line_search", "exact_lr", "steepest_lr", "line_search"),
    ),
    "convergence_rate": (
        "the factor by which a step multiplies the error, the largest of all directions",
        ("contraction", "contraction_factor", "convergence_factor"),
    ),
    "converges": (
        "whether the error goes to 0: yes or no", ("convergent", "is_stable", "stable"),
    ),
    "diverges": ("whether the error grows: yes or no", ("divergent",)),
    "best_rate": (
        "the factor of gradient descent at its best rate, (κ - 1)/(κ + 1)", (),
    ),
    "best_momentum": (
        "the best momentum coefficient, ((√κ - 1)/(√κ + 1))^2", ("best_mu", "optimal_momentum"),
    ),
    "hessian": ("the matrix of second derivatives", ("Hessian",)),
    "eigenvalues": ("its eigenvalues, the smallest first", ("curvatures", "lambdas")),
    "condition_number": (
        "the largest eigenvalue by the smallest", ("kappa", "κ", "condition"),
    ),
    "minimum": (
        "where the loss is least",
        ("minimiser", "minimizer", "w_star", "optimum", "w_opt", "x_star"),
    ),
    "least_loss": ("the loss there", ("min_loss", "minimal_loss", "loss_min")),
    "steps": ("the number of steps", ("number_of_steps",)),
    "epochs": ("the number of epochs", ("number_of_epochs",)),
    "updates": (
        "the number of steps that changed a parameter",
        ("number_of_updates", "mistakes", "number_of_mistakes"),
    ),
}  # fmt: skip


class Question(NamedTuple):
    """Something asked: its text, and either a condition, or an analysis, or neither."""

    written: Written
    condition: Written | None = None
    analysis: str = ""


def question(written: Written, writer: Writer) -> Question:
    """What sort of question a text is."""
    found = _UNTIL.match(written.text)
    if found:
        return Question(written, written.part(found.start(1), found.end(1)))
    word = written.text.strip()
    if word not in writer.stems and word not in writer.given:
        for name, (_, also) in ANALYSES.items():
            if word == name or word in also:
                return Question(written, None, name)
    return Question(written)


class Asked:
    """Reads what was asked, for a number of steps.

    Attributes:
        mentions: the quantities with a number that were met.
        notes: what to say beside an answer that could have meant something else.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.mentions: list[Mention] = []
        self.notes: dict[str, str] = {}

    def last_step(self, texts: list[Written]) -> int:
        """The largest step that is asked for, 0 if none is."""
        most = 0
        for written in texts:
            for found in self._found(written.text):
                if self.writer.stems[found.stem] != self.writer.rate.stem or (
                    not self.writer.rate.varies()
                ):
                    most = max(most, found.number)
        return most

    def _found(self, text: str) -> list[Mention]:
        found: list[Mention] = []
        try:
            words = tokens(text)
        except EquationError:
            return found
        for at, word in enumerate(words):
            if word.kind == "deriv":
                inside_derivative(word, lambda name: self._noted(name, found))
            elif word.kind == "name":
                bracket = self._bracketed(words, at)
                if bracket is not None:
                    found.append(bracket[0])
                elif bare(word.text) not in self.writer.stems:
                    self._noted(bare(word.text), found)
        return found

    def _noted(self, name: str, found: list[Mention]) -> str:
        met = mention(name, self.writer.stems)
        if met is not None and name not in self.writer.names:
            found.append(met)
        return name

    def _bracketed(self, words: list[Token], at: int) -> tuple[Mention, int] | None:
        """`w[3]` where w is a number in each step, or `w^(3)`; and how many words it takes."""
        name = bare(words[at].text)
        stem = self.writer.stems.get(name)
        behind = [word.text for word in words[at + 1 : at + 5]]
        if stem is None:
            return None
        if behind[:1] == ["["] and behind[2:3] == ["]"] and not self._is_array(stem):
            inner, count = words[at + 2], 4
        elif behind[:2] == ["**", "("] and behind[3:] == [")"]:
            inner, count = words[at + 3], 5
        else:
            return None
        if inner.kind != "number" or not inner.text.isdigit():
            return None
        return Mention(name, int(inner.text)), count

    def _is_array(self, stem: str) -> bool:
        setup = self.writer.setup
        if stem in {name for name, _ in setup.equations} and any(
            f"{stem}[" in written.text for _, written in setup.equations
        ):
            return True
        shapes = {name: parameter.shape for name, parameter in setup.parameters.items()}
        if stem in shapes:
            return bool(shapes[stem])
        owner = next((name for name in shapes if stem.endswith(f"_{name}")), "")
        if self.writer.single and shapes:
            owner = self.writer.names[0]
        return bool(shapes.get(owner, ())) and stem != self.writer.rate.stem

    def at_step(self, written: Written, step: int) -> Written:
        """A text in the names of the equations; names without a number mean this step.

        Raises:
            InputError: for a name that could mean several steps.
        """
        try:
            return replaced(written, lambda words, at: self._at_step(words, at, written, step))
        except EquationError as error:
            place = written.place(max(error.at, 0))
            raise InputError(error.message, place, error.hint) from None

    def _at_step(
        self, words: list[Token], at: int, written: Written, step: int
    ) -> tuple[str, int] | None:
        """The new text of a word, and how many words it stands for; None where it stays."""
        word = words[at]
        if word.kind == "deriv":
            return inside_derivative(word, lambda name: self._inner(name, written)), 1
        if word.kind != "name":
            return None
        bracket = self._bracketed(words, at)
        if bracket is not None:
            return self._name(bracket[0]), bracket[1]
        course = self._course(words, at)
        if course:
            return course, 4
        name = bare(word.text)
        own = {known for known, _ in self.writer.setup.equations}
        called = words[at + 1].text == "("
        if called and name not in own:
            return None
        new = self._plain(name, step)
        if new is None and name in own and not called:
            new = self._early(name, written, word.at)
        return None if new is None else (new + word.text[len(name) :], 1)

    def _early(self, name: str, written: Written, at: int) -> str:
        """A quantity without a number: that of the forward pass, where there is one step."""
        writer = self.writer
        if writer.last - writer.first != 1:
            raise self._which(name, written, at)
        after = numbered(name, writer.last)
        self.notes[written.text] = f"before the step; {after} is after it"
        return self._name(Mention(name, writer.first))

    def _course(self, words: list[Token], at: int) -> str:
        """`path(w)`: the values of all steps as one list, "" for anything else."""
        writer = self.writer
        texts = [word.text for word in words[at : at + 4]]
        name = bare(texts[2]) if len(texts) > 3 else ""  # noqa: PLR2004  (path, brackets, name)
        if texts[:2] != ["path", "("] or texts[3:] != [")"] or name not in writer.stems:
            return ""
        own = {known for known, _ in writer.setup.equations}
        first = writer.first + (name not in own)
        steps = range(first, first + writer.last - writer.first)
        return f"[{', '.join(self._name(Mention(name, step)) for step in steps)}]"

    def everywhere(self, written: Written, step: int) -> Written:
        """A condition at a step: the quantities of the equations too are those of this step."""
        writer = self.writer
        own = {name for name, _ in writer.setup.equations}

        def word_at(words: list[Token], at: int) -> tuple[str, int] | None:
            word = words[at]
            if word.kind == "deriv":
                changed = inside_derivative(
                    word,
                    lambda name: (
                        self._name(Mention(name, step))
                        if name in own or name in writer.names
                        else name
                    ),
                )
                return changed, 1
            if word.kind != "name":
                return None
            name = bare(word.text)
            if name in own:
                return self._name(Mention(name, step)), 1
            if name == "t" and "t" not in {*writer.given, *writer.setup.data, *writer.stems}:
                return str(step), 1
            if words[at + 1].text == "(":
                return None
            new = self._plain(name, step)
            return None if new is None else (new + word.text[len(name) :], 1)

        try:
            return replaced(written, word_at)
        except EquationError as error:
            place = written.place(max(error.at, 0))
            raise InputError(error.message, place, error.hint) from None

    def _plain(self, name: str, step: int) -> str | None:
        """The name in the equations of a name as asked; None where it stays or is open."""
        writer = self.writer
        own = {known for known, _ in writer.setup.equations}
        if name in writer.names:
            return self._name(Mention(name, step))
        if name in writer.given or name in writer.setup.given:
            return None
        if name in writer.stems and name not in own:
            return self._name(Mention(name, step))
        if name.endswith("_all") and name.removesuffix("_all") in own and writer.setup.data:
            return self._name(Mention(name.removesuffix("_all"), step, "all"))
        for suffix in NEWEST:
            if name.endswith(suffix) and name.removesuffix(suffix) in writer.stems:
                return self._name(Mention(name.removesuffix(suffix), step))
        found = mention(name, writer.stems)
        return self._name(found) if found is not None else None

    def _inner(self, name: str, written: Written) -> str:
        """A name inside a derivative: in a problem of one step the loss is that before it."""
        writer = self.writer
        own = {known for known, _ in writer.setup.equations}
        if name in own or name in writer.names:
            if writer.last - writer.first > 1:
                raise self._which(name, written, 0)
            return self._name(Mention(name, writer.first))
        found = mention(name, writer.stems)
        return self._name(found) if found is not None else name

    def _name(self, found: Mention) -> str:
        stem = self.writer.stems.get(found.stem, found.stem)
        canonical = Mention(stem, found.number, found.example)
        self.mentions.append(canonical)
        return numbered(*canonical)

    def _which(self, name: str, written: Written, at: int) -> InputError:
        writer = self.writer
        first, last = numbered(name, writer.first), numbered(name, writer.last)
        return InputError(
            f"'{name}' has a value at every step",
            written.place(at),
            f"write {first} (before the first step), ..., {last} (after the last)",
        )
