"""Numbers for the letters of a network: to work with, and to count it anew.

What a rule asks of the sizes (that a kernel fits, that groups divide the channels) becomes
a condition of the formulas, unless the formulas hold without it too, as trying shows.
"""

from __future__ import annotations

from math import lcm
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import CertificateError, InputError, InputErrors
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.nets.exact import evaluate
from hwsolve.nets.letters import AT_MOST, BELOW, DIVIDES, Condition, InLetters, letters_of, put_in
from hwsolve.nets.options import OPTIONS
from hwsolve.proofs.products import Product, sum_expr, terms_of
from hwsolve.proofs.rewriting import spread
from hwsolve.solvers.cnn_certificates import certify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hwsolve.nets.layer import Spec
    from hwsolve.proofs.tidy import Tidier
    from hwsolve.solvers.cnn import Unmeasured
    from hwsolve.solvers.cnn_names import Names

# How many choices of numbers a size in letters carries along.
CHOICES: Final = 5
# How often a network is counted anew, and how often every operation of it one by one.
TRIALS: Final = 60
ONE_BY_ONE: Final = 4
# How many choices of numbers are looked at, and how often the same conditions are broken.
DRAWN: Final = 600
BROKEN: Final = 4
# Where a letter stands, the most telling first, and numbers with which layers usually fit:
# generic ones to work with, and small ones, some of which fit nothing, to count anew.
SIDE, GROUPS, OTHER = "side", "groups", "other"
_GENERIC: Final[dict[str, Sequence[int]]] = {
    SIDE: range(1000, 4000),
    GROUPS: (2, 3, 4, 6),
    "kernel": (3, 5, 7, 9, 11),
    "stride": (2, 3, 4, 5),
    "padding": (1, 2),
    "dilation": (2, 3, 4),
    OTHER: range(5, 60),
}
_SMALL: Final[dict[str, Sequence[int]]] = {
    SIDE: (*range(1, 9), *range(1, 13), *range(16, 50), *range(60, 240, 9)),
    GROUPS: range(1, 4),
    "kernel": range(1, 6),
    "stride": range(1, 5),
    "padding": range(4),
    "dilation": range(1, 4),
    OTHER: range(1, 7),
}
_MULTIPLE: Final = 12
_LARGER: Final = 20160  # of numbers of heads, sides of patches: 7, 8, 14, 16, 32, 64
# Options whose number divides the channels or features, or sets a window and its stride.
_ROLES: Final = {
    **dict.fromkeys(("heads", "kv_heads", "reduction", "parts", "pieces"), GROUPS),
    **dict.fromkeys(("patch", "factor"), "stride"),
}


def roles_of(written: Unmeasured) -> dict[str, str]:
    """The letters of a network, each with the place that tells most about it."""
    found: dict[str, list[str]] = {}
    for at, side in enumerate(written.size):
        for letter in letters_of(side):
            found.setdefault(letter, []).append(SIDE if at else OTHER)
    for spec in written.specs:
        for name, value in spec.options.items():
            for letter in letters_of(value):
                role = _ROLES.get(name, name)
                found.setdefault(letter, []).append(role if role in _GENERIC else OTHER)
    return {
        letter: next(role for role in _GENERIC if role in places)
        for letter, places in found.items()
    }


def with_numbers(written: Unmeasured, numbers: Mapping[str, int]) -> Unmeasured:
    """The same network with numbers (which may be in letters) in the place of its letters.

    Raises:
        InputError: a size is no whole number then.
    """
    from hwsolve.errors import EquationError

    specs: list[Spec] = []
    place = None
    try:
        size = put_in(written.size, numbers)
        for spec in written.specs:
            place = spec.place
            options = {name: put_in(value, numbers) for name, value in spec.options.items()}
            _check_sizes(spec, options)
            specs.append(spec._replace(options=options))
    except EquationError as error:
        raise InputError(error.message, place) from None
    return written._replace(size=size, specs=tuple(specs))


def _check_sizes(spec: Spec, options: Mapping[str, Any]) -> None:
    """Refuse what letters came to that no layer has: a stride of 0, a negative padding.

    Raises:
        InputError: at the place of the layer.
    """
    for name, value in spec.options.items():
        if next(letters_of(value), None) is None:
            continue
        least = 0 if name == "padding" else 1
        values = options[name] if isinstance(options[name], tuple) else (options[name],)
        for found in values:
            if not isinstance(found, InLetters) and found < least:
                raise InputError(
                    f"{OPTIONS[name].what} is at least {least}, not {found}", spec.place
                )


def in_letters(roles: Mapping[str, str], multiple: int) -> dict[str, InLetters]:
    """Each letter as a number that is carried along as a formula.

    Args:
        roles: where each letter stands.
        multiple: what all sides and channels are multiples of.
    """
    random = Random(multiple)  # noqa: S311  (no secret)
    conditions: list[Condition] = []
    drawn = [_drawn(roles, _GENERIC, random, multiple) for _ in range(CHOICES)]
    found: dict[str, InLetters] = {}
    for letter in roles:
        values = [each[letter] for each in drawn]
        if len(set(values)) == 1:  # a letter is no constant
            values[-1] += 2 * multiple if roles[letter] in {SIDE, OTHER} else 2
        found[letter] = InLetters(Sym(letter), values, conditions)
    return found


def _drawn(
    roles: Mapping[str, str], numbers: Mapping[str, Sequence[int]], random: Random, multiple: int
) -> dict[str, int]:
    """A number for each letter; channels are multiples of all groups."""
    drawn = {letter: random.choice(numbers[role]) for letter, role in roles.items()}
    groups = lcm(multiple, *(drawn[letter] for letter, role in roles.items() if role == GROUPS))
    for letter, role in roles.items():
        if role == OTHER:
            drawn[letter] *= groups
        elif role == SIDE:
            drawn[letter] *= multiple
    return drawn


def multiples() -> tuple[int, ...]:
    """What sides and channels may be multiples of, the most general first."""
    return (1, 2, _MULTIPLE, _LARGER)


# -- conditions ---------------------------------------------------------------------------


def _holds(condition: Condition, numbers: Mapping[str, int]) -> bool:
    left, right = (evaluate(side, numbers) for side in (condition.left, condition.right))
    match condition.relation:
        case "divides":
            return left != 0 and right % left == 0
        case "<":
            return left < right
    return left <= right


def condition_text(condition: Condition, tidier: Tidier) -> str:
    """A condition as people write it: `k ≤ n + 2·p`, `g divides C`."""
    if condition.relation == DIVIDES:
        divisor, whole = tidier.expr(condition.left), tidier.expr(condition.right)
        if isinstance(divisor, Num) and isinstance(divisor.value, int):
            number = divisor.value
            # 2 divides n - 2 where it divides n
            terms = terms_of(whole)
            whole = sum_expr([term for term in terms if term.factors or term.number % number])
        return f"{text(divisor)} divides {text(whole)}"
    terms = terms_of(spread(condition.right - condition.left, tidier))
    right = [term for term in terms if term.number > 0]
    left = [Product(-term.number, term.factors) for term in terms if term.number < 0]
    match right:
        case [
            Product(1, ((Apply(op="floor", args=(Apply(op="div", args=(top, bottom)),)), _),))
        ] if all(not term.factors for term in left):
            # floor(a/b) is at least m where a is at least m*b
            least = sum(term.number for term in left) + (condition.relation == BELOW)
            return condition_text(Condition(AT_MOST, Num(least) * bottom, top), tidier)
    low, high = (text(sum_expr(side) if side else Num(0)) for side in (left, right))
    return f"{low} {condition.relation} {high}"


# -- counting anew ------------------------------------------------------------------------


class Recount(NamedTuple):
    """How often a network was counted anew, and the conditions without which a formula fails."""

    trials: int
    conditions: tuple[Condition, ...]


def recounted(
    written: Unmeasured,
    names_at: Callable[[Unmeasured], Names],
    asked: Mapping[str, Expr],
    found: Mapping[str, Expr],
    conditions: Sequence[Condition],
) -> Recount:
    """Count the network with other numbers, and find the conditions that are needed.

    Args:
        written: the network in letters.
        names_at: measures the network with numbers; it raises an InputError where its
            layers do not fit.
        asked: what was asked for, by name.
        found: the formula of each.
        conditions: what the rules took for granted.

    Raises:
        CertificateError: a formula gives another number where all conditions hold.
    """
    trials = 0
    needed: list[Condition] = []
    failures: list[tuple[Condition, ...]] = []
    for numbers, broken in _tried(roles_of(written), conditions):
        wrong = _wrong(written, names_at, numbers, asked, found, one_by_one=trials < ONE_BY_ONE)
        if wrong is None:
            trials += 1
        elif broken:
            failures.append(broken)
        elif wrong:
            raise CertificateError(wrong)
    for broken in sorted(failures, key=len):
        if not any(condition in needed for condition in broken):
            needed.append(broken[0])
    if not trials:
        raise CertificateError("no formula: the layers fit no sizes that were tried")
    return Recount(trials, tuple(needed))


def _tried(
    roles: Mapping[str, str], conditions: Sequence[Condition]
) -> Iterator[tuple[dict[str, int], tuple[Condition, ...]]]:
    """Choices of numbers with the conditions that they break, each few often enough."""
    seen: dict[tuple[Condition, ...], int] = {}
    for numbers in _small(roles, _divisor(conditions)):
        broken = tuple([each for each in conditions if not _holds(each, numbers)])
        times = seen[broken] = seen.get(broken, 0) + 1
        if times <= (BROKEN if broken else TRIALS):
            yield numbers, broken


def _divisor(conditions: Sequence[Condition]) -> int:
    """What the numbers among the conditions divide: of `8 divides d` the 8."""
    numbers = [
        condition.left.value
        for condition in conditions
        if condition.relation == DIVIDES and isinstance(condition.left, Num)
    ]
    return lcm(1, *[number for number in numbers if isinstance(number, int)])


def _small(roles: Mapping[str, str], divisor: int) -> Iterator[dict[str, int]]:
    random = Random(1)  # noqa: S311  (no secret)
    for trial in range(DRAWN):
        small = _drawn(roles, _SMALL, random, divisor if trial % 2 else 1)
        if trial % 3 == 0:  # channels that are no multiples of the groups
            small |= {
                letter: random.choice(_SMALL[OTHER])
                for letter, role in roles.items()
                if role == OTHER
            }
        yield small


def _wrong(  # noqa: PLR0913  (see recounted)
    written: Unmeasured,
    names_at: Callable[[Unmeasured], Names],
    numbers: Mapping[str, int],
    asked: Mapping[str, Expr],
    found: Mapping[str, Expr],
    *,
    one_by_one: bool,
) -> str | None:
    """None if all formulas give what is counted, else what is wrong; "" if nothing fits."""
    try:
        names = names_at(with_numbers(written, numbers))
    except (InputError, InputErrors):
        return ""
    for name, value in found.items():
        counted, worked_out = names.value(asked[name]), value_at(value, numbers)
        if _listed(counted) != _listed(worked_out):
            at = ", ".join(f"{letter} = {number}" for letter, number in numbers.items())
            return (
                f"no formula for {name}: at {at} {text(value)} is {worked_out}, counted are "
                f"{counted}"
            )
    certify(names.network, names, thorough=one_by_one)
    return None


def value_at(value: Expr, numbers: Mapping[str, int]) -> Any:
    """The value of a formula, or of a list of them, at these numbers."""
    if isinstance(value, Apply) and value.op == "stack":
        return [value_at(part, numbers) for part in value.args]
    return evaluate(value, numbers)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
