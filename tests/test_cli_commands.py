"""The commands: what they print, what they refuse, and how they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from commands import RESIDUAL

from hwsolve.cli.app import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Ran

    Command = Callable[..., Ran]
    Folder = Callable[[dict[str, str]], Path]

KINDS = ["graph", "network", "recurrent", "cnn"]
NO_FILE = "nowhere: there is no such file\n"


def usage_error(ran: Ran) -> str:
    """The message of a usage error, which ends with 2 and prints nothing else."""
    assert (ran.code, ran.out) == (2, "")
    usage, _, message = ran.err.partition("\nError: ")
    assert usage.startswith("Usage: hwsolve ")
    assert "--help' for help." in usage
    return message


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_fits_a_line(name: str, hwsolve: Command) -> None:
    listed = next(line for line in hwsolve("--help").out.splitlines() if line.split()[:1] == [name])
    assert listed.endswith(".")
    assert not listed.endswith("...")


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_help_has_an_example(name: str, hwsolve: Command) -> None:
    ran = hwsolve(*name.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "Example" in ran.out
    assert f"  hwsolve {name}".rstrip() in ran.out
    assert hwsolve(*name.split(), "-h") == ran


def test_help_is_ascii_so_that_every_terminal_shows_it(hwsolve: Command) -> None:
    for name in ["", *COMMANDS]:
        assert hwsolve(*name.split(), "--help").out.isascii()


def test_nothing_at_all_gets_the_help(hwsolve: Command) -> None:
    ran = hwsolve()
    assert ran.code == 2
    assert ran.err == hwsolve("--help").out


def test_a_mistyped_command_is_recognised(hwsolve: Command) -> None:
    assert usage_error(hwsolve("chekc")) == "No such command 'chekc'. Did you mean 'check'?\n"
    assert usage_error(hwsolve("zzz")) == "No such command 'zzz'.\n"


def test_a_mistyped_option_is_recognised(hwsolve: Command) -> None:
    message = usage_error(hwsolve("run", "--exat", "x.yaml"))
    assert message.startswith("No such option: --exat")
    assert "--exact" in message


def test_an_option_with_an_impossible_value_is_refused(hwsolve: Command) -> None:
    message = usage_error(hwsolve("run", "--working", "all", "x.yaml"))
    expected = "Invalid value for '--working': 'all' is not one of 'full', 'short', 'none'.\n"
    assert message == expected
    message = usage_error(hwsolve("run", "--digits", "0", "x.yaml"))
    assert message == "Invalid value for '--digits': 0 is not in the range 1<=x<=50.\n"
    message = usage_error(hwsolve("check", "--tolerance", "much"))
    expected = "'much' is neither a number (1e-3) nor a percentage (1%)\n"
    assert message == f"Invalid value for '--tolerance': {expected}"


def test_a_problem_is_solved(hwsolve: Command, folder: Folder) -> None:
    folder({"residual.yaml": RESIDUAL})
    ran = hwsolve("run", "residual.yaml")
    assert (ran.code, ran.err) == (0, "")
    for text in ("Residual connection", "1.03", "-0.2", "0.6"):
        assert text in ran.out


def test_given_values_can_be_changed(hwsolve: Command, folder: Folder) -> None:
    folder({"residual.yaml": RESIDUAL})
    ran = hwsolve("run", "residual.yaml", "--set", "w0=0.3", "--set", "b1=-0.3", "--json")
    answers = {answer["name"]: answer["value"] for answer in json.loads(ran.out)["answers"]}
    assert answers["z"] == pytest.approx(0.62)  # the homework's second set of values
    assert answers["dz/dw1"] == pytest.approx(0.4)


def test_a_value_that_is_not_given_cannot_be_changed(hwsolve: Command, folder: Folder) -> None:
    folder({"residual.yaml": RESIDUAL})
    ran = hwsolve("run", "residual.yaml", "--set", "w9=0.3")
    assert (ran.code, ran.out) == (2, "")
    assert "w9" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_answers_can_be_fractions(hwsolve: Command, folder: Folder) -> None:
    folder({"residual.yaml": RESIDUAL})
    ran = hwsolve("run", "residual.yaml", "--exact", "--working", "none")
    assert ran.code == 0
    assert "103/100" in ran.out


def test_less_working_is_shorter(hwsolve: Command, folder: Folder) -> None:
    folder({"residual.yaml": RESIDUAL})
    lengths = [
        len(hwsolve("run", "residual.yaml", "--working", much).out.splitlines())
        for much in ("full", "short", "none")
    ]
    assert lengths[0] > lengths[1] > lengths[2] > 0


def test_several_problems_are_solved_though_one_of_them_fails(
    hwsolve: Command, folder: Folder
) -> None:
    folder({"a.yaml": RESIDUAL, "b.yaml": RESIDUAL.replace("Residual", "Second")})
    ran = hwsolve("run", "a.yaml", "nowhere", "b.yaml")
    assert (ran.code, ran.err) == (2, NO_FILE)
    assert ran.out.index("Residual connection") < ran.out.index("Second connection")


def test_one_solution_is_an_object_and_several_are_a_list(hwsolve: Command, folder: Folder) -> None:
    folder({"a.yaml": RESIDUAL, "b.yaml": RESIDUAL.replace("Residual", "Second")})
    assert json.loads(hwsolve("run", "a.yaml", "--json").out)["title"] == "Residual connection"
    both = json.loads(hwsolve("run", "a.yaml", "b.yaml", "--json").out)
    assert [one["title"] for one in both] == ["Residual connection", "Second connection"]


def test_right_answers_pass(hwsolve: Command, folder: Folder) -> None:
    folder({"problems/residual.yaml": RESIDUAL})
    assert hwsolve("check") == (0, "5 answers in 1 file: 5 right\n", "")


def test_a_wrong_answer_is_named_with_its_line_and_ends_with_1(
    hwsolve: Command, folder: Folder
) -> None:
    folder({"residual.yaml": RESIDUAL.replace("z: 1.03", "z: 1.04")})
    assert hwsolve("check", "residual.yaml") == (
        1,
        (
            "residual.yaml:9:14: z: stated 1.04, computed 1.03, difference -0.01 (0.005 allowed)\n"
            "5 answers in 1 file: 4 right, 1 wrong\n"
        ),
        "",
    )


def test_a_tolerance_can_be_set(hwsolve: Command, folder: Folder) -> None:
    folder({"residual.yaml": RESIDUAL.replace("z: 1.03", "z: 1.04")})
    assert hwsolve("check", "residual.yaml", "--tolerance", "1%").code == 0
    assert hwsolve("check", "residual.yaml", "--tolerance", "0.001").code == 1


def test_an_answer_that_cannot_be_computed_is_missing_and_the_others_are_checked(
    hwsolve: Command, folder: Folder
) -> None:
    folder({"residual.yaml": RESIDUAL.replace("{z: 1.03", "{q: 7, z: 1.03")})
    ran = hwsolve("check", "residual.yaml")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        (
            "residual.yaml:9:11: q: stated 7, nothing computed: 'q' is not defined; "
            "give it a value under 'given' or an equation"
        ),
        "6 answers in 1 file: 5 right, 1 missing",
    ]


def test_a_file_that_cannot_be_read_ends_with_2_and_the_others_are_checked(
    hwsolve: Command, folder: Folder
) -> None:
    folder({"a.yaml": "[", "b.yaml": RESIDUAL.replace("z: 1.03", "z: 1.04")})
    ran = hwsolve("check", ".")
    assert ran.code == 2
    assert ran.err.startswith("a.yaml:1:1: ")
    assert ran.out.splitlines()[-1] == (
        "5 answers in 2 files: 4 right, 1 wrong; 1 file could not be checked"
    )


def test_folders_are_searched_and_hidden_ones_left_out(hwsolve: Command, folder: Folder) -> None:
    folder(
        {
            "problems/b/deep.yml": RESIDUAL,
            "problems/a.yaml": RESIDUAL,
            "problems/.hidden/c.yaml": "[",
            "problems/notes.txt": "[",
        }
    )
    assert hwsolve("check", "problems", "problems/a.yaml").out == (
        "10 answers in 2 files: 10 right\n"
    )


def test_a_folder_without_problems_is_named(hwsolve: Command, folder: Folder) -> None:
    folder({"empty/notes.txt": ""})
    expected = "hwsolve: no problem files (*.yaml, *.yml) in the folder 'empty'\n"
    assert hwsolve("check", "empty") == (2, "", expected)
    assert hwsolve("list", "empty") == (2, "", expected)


def test_checking_can_be_read_by_programs(hwsolve: Command, folder: Folder) -> None:
    here = folder({"residual.yaml": RESIDUAL.replace("z: 1.03", "z: 1.04")})
    ran = hwsolve("check", "residual.yaml", "--json", "--junit", "report.xml")
    data = json.loads(ran.out)
    assert (ran.code, data["exit_code"]) == (1, 1)
    assert (data["answers"], data["right"], data["wrong"]) == (5, 4, 1)
    assert 'tests="5" failures="1" errors="0"' in (here / "report.xml").read_text()


def test_a_report_that_cannot_be_written_ends_with_2(hwsolve: Command, folder: Folder) -> None:
    folder({"residual.yaml": RESIDUAL})
    ran = hwsolve("check", "residual.yaml", "--junit", "no/report.xml")
    message = "no/report.xml: cannot write the report: No such file or directory\n"
    assert ran == (2, "5 answers in 1 file: 5 right\n", message)


def test_problems_are_listed_with_kind_and_title(hwsolve: Command, folder: Folder) -> None:
    parts = "title: Two parts\ngiven: {x: 2}\nparts:\n  a: {kind: graph, equations: [y = x^2]}\n"
    folder({"problems/residual.yaml": RESIDUAL, "problems/a/parts.yaml": parts})
    assert hwsolve("list") == (
        0,
        (
            "problems/residual.yaml  graph  Residual connection\n"
            "problems/a/parts.yaml   graph  Two parts\n"
        ),
        "",
    )
    listed = json.loads(hwsolve("list", "problems/residual.yaml", "--json").out)
    expected = {
        "path": "problems/residual.yaml",
        "kind": "graph",
        "title": "Residual connection",
    }
    assert listed == [expected]


def test_a_file_that_cannot_be_listed_is_named_and_the_others_are_listed(
    hwsolve: Command, folder: Folder
) -> None:
    folder({"residual.yaml": RESIDUAL})
    ran = hwsolve("list", "nowhere", "residual.yaml")
    assert ran == (2, "residual.yaml  graph  Residual connection\n", NO_FILE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_problem_runs_as_it_is_and_its_answers_are_right(
    kind: str, hwsolve: Command, folder: Folder
) -> None:
    made = hwsolve("new", kind)
    assert (made.code, made.err) == (0, "")
    assert "yaml-language-server: $schema=" in made.out.splitlines()[0]
    folder({"new.yaml": made.out})
    ran = hwsolve("run", "new.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert hwsolve("check", "new.yaml").code == 0


def test_a_kind_that_does_not_exist_is_refused_with_the_nearest(hwsolve: Command) -> None:
    ran = hwsolve("new", "grahp")
    assert (ran.code, ran.out) == (2, "")
    assert "grahp" in ran.err
    assert "'graph'" in ran.err


def test_the_schema_is_json_schema_draft_07(hwsolve: Command) -> None:
    ran = hwsolve("schema")
    assert ran.code == 0
    assert json.loads(ran.out)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_a_convolution_is_counted_without_a_file(hwsolve: Command) -> None:
    # question F: 2*50*4*4*720 and 16*20*8, with and without bias
    ran = hwsolve(
        "flops", "--in", "50x12x12", "--k", "4", "--s", "2", "--p", "1",
        "--filters", "20", "--pool", "3", "--pool-stride", "1",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    for number in ("1,152,000", "2560", "1,154,560", "1,151,280", "1,153,840"):
        assert number in ran.out


def test_a_convolution_without_a_number_of_filters_is_counted_for_one(hwsolve: Command) -> None:
    ran = hwsolve("flops", "--in", "50x12x12", "--k", "4", "--s", "2", "--p", "1")
    assert (ran.code, ran.err) == (0, "")
    assert "one filter" in ran.out
    assert "57,600" in ran.out  # 1,152,000 / 20


def test_a_kernel_that_does_not_fit_is_named(hwsolve: Command) -> None:
    ran = hwsolve("flops", "--in", "3x4x4", "--k", "7")
    assert (ran.code, ran.out) == (2, "")
    assert "7x7" in ran.err
    assert "4x4" in ran.err


def test_a_terminal_cannot_be_steered_by_a_files_text(hwsolve: Command, folder: Folder) -> None:
    folder({"bad.yaml": 'kind: graph\n"\\e[2Jx": 1\n'})
    ran = hwsolve("run", "bad.yaml")
    assert ran.code == 2
    assert "\x1b" not in ran.err


def test_the_programming_interface_is_the_same_as_the_command_line(folder: Folder) -> None:
    import hwsolve

    here = folder({"residual.yaml": RESIDUAL})
    problem = hwsolve.load(here / "residual.yaml")
    assert hwsolve.loads(RESIDUAL).title == problem.title
    solution = hwsolve.solve(problem, given={"w0": 0.3, "b1": -0.3})
    assert isinstance(solution, hwsolve.Solution)
    values = {answer.name: answer.value for answer in solution.answers}
    assert values["z"] == pytest.approx(0.62)
    assert [verdict.name for verdict in hwsolve.check(problem) if verdict.right] == list(
        problem.answers
    )
    assert all(verdict.right for verdict in hwsolve.check(here / "residual.yaml"))
    with pytest.raises(hwsolve.HwsolveError, match="there is no such file"):
        hwsolve.load("nowhere")


def test_the_public_names_are_all_there() -> None:
    import hwsolve

    assert all(hasattr(hwsolve, name) for name in hwsolve.__all__)
    assert set(hwsolve.__all__) <= set(dir(hwsolve))
    with pytest.raises(AttributeError, match="module 'hwsolve' has no attribute 'nothing'"):
        _ = hwsolve.nothing  # type: ignore[attr-defined]  # that it is not there is tested


SQUARE = "kind: graph\n{title}given: {{x: 2}}\nequations: [y = x^2]\nanswers: {{y: {answer}}}\n"


def test_an_answer_that_agrees_with_the_file_is_marked(hwsolve: Command, folder: Folder) -> None:
    folder({"a.yaml": SQUARE.format(title="", answer="4")})
    ran = hwsolve("run", "a.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert "Answer\n  y = 4   (as stated)\n" in ran.out
    assert "Warning" not in ran.out


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        ("5", "a.yaml:4:14: the file states 5 for y, computed 4"),
        ("4.26", "a.yaml:4:14: the file states 4.26 for y, computed 4"),
        ("two", "a.yaml:4:14: the file states two for y, but 'two' is not a number, computed 4"),
        (
            "[1, 2]",
            (
                "a.yaml:4:15: the file states another shape for y: stated 2 values, "
                "computed a single value"
            ),
        ),
    ],
)
def test_an_answer_that_the_file_states_otherwise_gets_a_warning(
    answer: str, warning: str, hwsolve: Command, folder: Folder
) -> None:
    folder({"a.yaml": SQUARE.format(title="", answer=answer)})
    for working in ("full", "short", "none"):
        ran = hwsolve("run", "a.yaml", "--working", working)
        # to say whether an answer is right is what `check` is for
        assert (ran.code, ran.err) == (0, "")
        assert f"Warning: {warning}" in " ".join(ran.out.split())
        assert "as stated" not in ran.out
    data = json.loads(hwsolve("run", "a.yaml", "--json").out)
    assert data["warnings"] == [warning]
    assert hwsolve("check", "a.yaml").code == 1


def test_an_entry_that_differs_is_named_and_each_part_has_its_own_answers(
    hwsolve: Command, folder: Folder
) -> None:
    folder(
        {
            "a.yaml": "kind: graph\ngiven: {x: [1, 2]}\nequations: [y = 2*x, z = 3*x]\nparts:\n"
            "  a:\n    answers: {y: [2, 5]}\n  b:\n    answers: {z: [3, 6]}\n"
        }
    )
    ran = hwsolve("run", "a.yaml")
    assert "Warning: a.yaml:6:22: the file states 5 for y[1], computed 4\n" in ran.out
    assert ran.out.count("Warning") == 1
    assert ran.out.count("as stated") == 1
    assert "z = [3, 6]   (as stated)\n" in ran.out


def test_stated_answers_say_nothing_on_other_given_values(hwsolve: Command, folder: Folder) -> None:
    folder({"a.yaml": SQUARE.format(title="", answer="4")})
    for option in (("--set", "x=3"), ("--round-steps", "0"), ("--ties", "even")):
        out = hwsolve("run", "a.yaml", *option).out
        assert "stated" not in out
        assert "Warning" not in out


def test_each_of_several_files_has_a_heading(hwsolve: Command, folder: Folder) -> None:
    folder(
        {
            "a.yaml": SQUARE.format(title="title: A square\n", answer="4"),
            "b.yaml": SQUARE.format(title="", answer="4"),
        }
    )
    both = hwsolve("run", "a.yaml", "b.yaml", "--working", "none").out
    proved = "Proved: values by exact fractions\n"
    answers = f"y = 4   (as stated)\n\n{proved}"
    assert both == f"A square\n========\n\n{answers}\nb.yaml\n======\n\n{answers}"
    assert hwsolve("run", "a.yaml", "--working", "none").out == answers
    full = hwsolve("run", "b.yaml", "a.yaml").out
    assert full.startswith("b.yaml\n======\n\nGiven\n")
    assert "\n\nA square\n========\n\nGiven\n" in full


def test_words_of_a_list_may_have_capitals(hwsolve: Command, folder: Folder) -> None:
    folder(
        {
            "a.yaml": "kind: Recurrent\ncell: RNN\nactivation: ReLU\nworking: None\nexact: YES\n"
            "given: {x: [1, 2], h0: 0, W: 1, U: 2}\nconventions: {Relu_at_0: 1}\nfind: [h2]\n"
        }
    )
    ran = hwsolve("run", "a.yaml")
    assert ran.err == "a.yaml:7:15: unknown convention 'Relu_at_0'; did you mean 'relu_at_0'?\n"
    text = "kind: Recurrent\ncell: RNN\nactivation: RELU\nworking: None\nexact: YES\n"
    given = "given: {x: [1, 2], h0: 0, W: 1, U: 2}\nconventions: {log: Natural}\nfind: [h2]\n"
    folder({"a.yaml": text + given})
    # h1 = relu(1 + 2*0) = 1, h2 = relu(2 + 2*1) = 4
    assert hwsolve("run", "a.yaml").out.startswith("h2 = 4\n")
    assert hwsolve("new", "Graph").out == hwsolve("new", "graph").out
