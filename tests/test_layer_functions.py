"""Normalisation, attention, gates and positions against loops and against PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from test_losses import solved

from hwsolve.errors import InputError, InputErrors

X = [[1, 2, -1], [0.5, -3, 2], [4, 1, 0], [2, 2, 2.5]]
G, B = [1.5, 0.5, -1], [0.1, -0.2, 0.3]
U: list[list[float]] = [[1, -1, 2], [0.5, 0, 1], [2, 1, -1], [0, 3, 0.5]]
# 2 examples of 2 channels of 2x2: sin(1.3 i), and cos(i) as upstream gradients
IMAGES = np.sin(1.3 * np.arange(16)).reshape(2, 2, 2, 2).tolist()
V4 = np.cos(np.arange(16.0)).reshape(2, 2, 2, 2).tolist()
G2, B2 = [1.5, -0.5], [0.25, 1]

# the call, its arrays, its values and d sum(u*y)/dx, from PyTorch 2.13 in float64
TORCH: dict[str, tuple[str, dict[str, Any], list[float], list[float]]] = {
    "batch_norm": (
        "batch_norm(x, g, b)",
        {"x": X, "g": G, "b": B, "u": U},
        [-0.8791273241279, 0.1638030095512, 1.610552883645, -1.438628652201, -1.048873688953,
         -0.4863317301869, 2.477880644311, -0.0787323301496, 0.911591345701, 0.2398753320183,
         0.1638030095512, -0.8358124991589],
        [0.5059817722737, -0.4993372878536, -0.8110095405155, 0.1556841243466,
         -0.007133803562262, -0.3521481212235, 0.369762347544, 0.03566702046615, 1.205841700432,
         -1.031428244164, 0.4708040709497, -0.04268403869346],
    ),
    "batch_norm in evaluation": (
        "batch_norm(x, g, b, eps=1e-3, running_mean=m, running_var=v)",
        {"x": X, "g": G, "b": B, "u": U, "m": [0.5, 0, 1], "v": [2, 1, 0.5]},
        [0.6301975530662, 0.7995003746878, 3.125602933203, 0.1, -1.699250562032, -1.112801466602,
         3.811382871463, 0.2997501873439, 1.712801466602, 1.690592659199, 0.7995003746878,
         -1.819202199903],
        [1.060395106132, -0.4997501873439, -2.825602933203, 0.5301975530662, 0, -1.412801466602,
         2.120790212265, 0.4997501873439, 1.412801466602, 0, 1.499250562032, -0.7064007333009],
    ),
    "layer_norm": (
        "layer_norm(x, g, b)",
        {"x": X, "g": G, "b": B, "u": U},
        [0.5008905742939, 0.3345207657251, 1.636301914313, 0.5773338267077, -0.8762229211693,
         -0.7342232912001, 2.159215854927, -0.3961157957073, 1.280578978536, -0.9605647252494,
         -0.5535215750831, -1.114086300333],
        [1.288578011792, -0.8590465672387, -0.4295314445536, 0.4380594327302, -0.1314174672879,
         -0.3066419654423, 0.09051772418422, -0.3620607138366, 0.2715429896523, -3.181376063591,
         3.182012287906, -0.0006362243147713],
    ),
    "rms_norm": (
        "rms_norm(x, g, eps=1e-6)",
        {"x": X, "g": G, "u": U},
        [1.060659906615, 0.7071066044099, 0.7071066044099, 0.3568731731724, -0.7137463463449,
         -0.9516617951265, 2.520503928853, 0.2100419940711, 0, 1.376494258329, 0.4588314194431,
         -1.147078548608],
        [0.7660323020912, -0.9428085112523, -1.119585604296, 0.3860514763223, -0.175069818899,
         -0.3591176849639, 0.02471104086853, -0.09884323681841, 0.4200839881422,
         -0.1126954126291, 0.5755517165355, -0.3702849755079],
    ),
    "batch_norm of images": (
        "batch_norm(x, g, b)",
        {"x": IMAGES, "g": G2, "b": B2, "u": V4},
        [0.08941248654425, 2.123991446964, 1.177907463857, -1.362824211086, 1.648910697912,
         0.8219410989173, 0.2322066614167, 0.7436697179493, -1.65856531321, -1.51953629464,
         0.9766064577306, 2.173007963839, 0.9027628220044, 1.683289035396, 1.439173665417,
         0.5280463009876],
        [2.638432396888, 0.8679162286529, -0.7797186714778, -0.9925736745264, 0.6151354678493,
         0.04917548690967, -0.3605157357939, -0.2915911803057, 0.9068592452816, -0.7644458729501,
         -1.593598227458, -0.2828714244095, -0.3861624209574, -0.5658041234828, 0.0555722209484,
         0.8841902848324],
    ),
    "instance_norm": (
        "instance_norm(x, g, b)",
        {"x": IMAGES, "g": G2, "b": B2, "u": V4},
        [-0.2328452499363, 2.118997917262, 1.025385334732, -1.911538002057, 1.775116321036,
         0.960870510704, 0.3802097517997, 0.8838034164608, -1.262074747634, -1.134778678438,
         1.150709371453, 2.246144054619, 0.7391478419249, 1.603497278025, 1.333165572613,
         0.324189307437],
        [2.665891677032, 0.04868801222731, -1.590542137176, -1.124037552083, 0.04385923470426,
         0.07362458117112, 0.08885493582605, -0.2063387517014, 0.8714888815781, -0.6288205322948,
         -0.8502594097544, 0.6075910604711, -0.6610570510731, -0.07533303606285,
         0.3673672916774, 0.3690227954586],
    ),
    "group_norm, one group": (
        "group_norm(x, 1, g, b)",
        {"x": IMAGES, "g": G2, "b": B2, "u": V4},
        [-0.1684427976189, 2.070590161685, 1.029434590112, -1.766614160815, 1.823779373514,
         0.9728552075884, 0.3660381190788, 0.8923165642731, -1.25939916388, -1.117905194017,
         1.422493573156, 2.640106992211, 0.8329571494446, 1.575694635891, 1.34339797091,
         0.4763823129113],
        [2.468966865862, 1.111352215577, -0.9765854984088, -1.948631500159, 0.9168965901622,
         -0.1390752025437, -0.8983835327056, -0.5345399377839, 0.5340669891618, -1.133524514443,
         -1.378689461456, 0.2422274801579, -0.07431116222717, 0.2309949819956, 0.6733368374444,
         0.9058988493671],
    ),
}  # fmt: skip

Q: list[list[float]] = [[1, 0.5, -1], [0.2, 2, 0.3]]
KEYS: list[list[float]] = [[0.5, 1, 0], [1, -1, 2], [0.3, 0.3, 0.3]]
VALUES, UPSTREAM = [[1, 2], [3, -1], [0.5, 0.5]], [[1, -2], [0.5, 3]]


@pytest.mark.parametrize("case", TORCH)
def test_a_normalisation_and_its_gradient_are_what_pytorch_gives(case: str) -> None:
    call, given, values, gradient = TORCH[case]
    found = solved(f"y = {call}; L = sum(u*y)", "y; dL/dx", **given)
    assert found["y"].ravel() == pytest.approx(values, rel=1e-10, abs=1e-12)
    assert found["dL/dx"].ravel() == pytest.approx(gradient, rel=1e-9, abs=1e-11)


def test_as_many_groups_as_channels_are_the_normalisation_of_each_instance() -> None:
    given: dict[str, Any] = {"x": IMAGES, "g": G2, "b": B2}
    both = "y = group_norm(x, groups=2, gamma=g, beta=b); z = instance_norm(x, g, b)"
    found = solved(both, "y; z", **given)
    # the values above
    assert found["y"].ravel()[:3] == pytest.approx(
        [-0.2328452499363, 2.118997917262, 1.025385334732]
    )
    assert found["y"] == pytest.approx(found["z"])


def test_scale_and_shift_may_have_pytorchs_names_in_a_normalisation_only() -> None:
    call = "y = layer_norm(x, weight=g, bias=b)"
    found = solved(call, "y", x=X, g=G, b=B)
    assert found["y"].ravel() == pytest.approx(TORCH["layer_norm"][2], rel=1e-10)
    with pytest.raises(InputErrors, match="'focal' has no setting 'weight'"):
        solved("L = focal(p, y, weight=2)", "L", p=[0.5, 0.5], y=[1, 0])


def test_running_statistics_follow_both_conventions_of_the_momentum() -> None:
    # from PyTorch's batch_norm above, which divides the running variance by n - 1
    lines = (
        "m = running_average(0, mean(x, axis=0), momentum=0.1); "
        "v = running_average(1, 4/3*mean((x - mean(x, axis=0))^2, axis=0)); "
        "k = moving_average(0, mean(x, axis=0), momentum=0.9)"
    )
    found = solved(lines, "m; v; k", x=X)
    assert found["m"] == pytest.approx([0.1875, 0.05, 0.0875], rel=1e-12)
    assert found["v"] == pytest.approx([1.139583333333, 1.466666666667, 1.172916666667], rel=1e-11)
    assert found["k"] == pytest.approx([0.1875, 0.05, 0.0875], rel=1e-12)


def test_a_normalisation_takes_its_statistics_along_the_stated_axis() -> None:
    turned = [list(column) for column in zip(*X, strict=True)]
    found = solved(
        "y = batch_norm(x, g, b, axis=1); z = layer_norm(v, eps=0)",
        "y; z; mu2; var2",
        x=turned,
        g=G,
        b=B,
        v=[1, 3, 5, 7],
    )
    assert found["y"].T.ravel() == pytest.approx(TORCH["batch_norm"][2], rel=1e-10)
    # by hand: mean 4, variance (9 + 1 + 1 + 9)/4 = 5
    assert found["mu2"] == 4
    assert found["var2"] == 5
    assert found["z"] == pytest.approx([each / math.sqrt(5) for each in (-3, -1, 1, 3)])


# -- attention --------------------------------------------------------------------------


def test_attention_with_a_mask_is_what_pytorch_gives() -> None:
    found = solved(
        "o = attention(Q, K, V, mask=M); L = sum(u*o)",
        "o; dL/dQ; dL/dK; dL/dV",
        Q=Q, K=KEYS, V=VALUES, u=UPSTREAM, M=[[1, 0, 1], [1, 1, 1]],
    )  # fmt: skip
    expected = [0.8101412811584, 1.430423843475, 1.042448340133, 1.294313358757]
    assert found["o"].ravel() == pytest.approx(expected, rel=1e-11)
    assert found["dL/dQ"].ravel() == pytest.approx(
        [-0.06799226217073, -0.2379729175976, 0.1019883932561, -0.07030645147948,
         0.9370999272438, -0.7622001615569],
        rel=1e-10,
    )  # fmt: skip
    assert found["dL/dK"].ravel() == pytest.approx(
        [-0.189408894281, 1.335543510299, 0.5657899357126, -0.06310253372917, -0.6310253372917,
         -0.09465380059376, 0.2525114280102, -0.7045181730076, -0.4711361351188],
        rel=1e-10,
    )  # fmt: skip
    assert found["dL/dV"].ravel() == pytest.approx(
        [0.9313332186603, 0.6257388134274, 0.04627953675792, 0.2776772205475, 0.5223872445818,
         0.09658396602511],
        rel=1e-10,
    )  # fmt: skip


def test_causal_attention_and_another_scale_are_what_pytorch_gives() -> None:
    found = solved(
        "o = attention(Q, K, V, causal=true); L = sum(u*o)", "o; dL/dQ",
        Q=Q, K=KEYS[:2], V=VALUES[:2], u=UPSTREAM,
    )  # fmt: skip
    assert found["o"].ravel() == pytest.approx([1, 2, 1.259029534315, 1.611455698527], rel=1e-11)
    assert found["dL/dQ"].ravel() == pytest.approx(
        [0, 0, 0, -0.2603634760668, 1.041453904267, -1.041453904267], rel=1e-10, abs=1e-15
    )
    found = solved("o = attention(Q, K, V, scale=1/4)", "o", Q=Q, K=KEYS, V=VALUES)
    expected = [1.284254850158, 0.7974235812754, 1.241517401818, 0.8916035946673]
    assert found["o"].ravel() == pytest.approx(expected, rel=1e-11)


def test_several_heads_with_a_causal_mask_are_what_pytorch_gives() -> None:
    weights = {
        "WQ": [0, 0.84, 0.91, 0.14, -0.76, -0.96, -0.28, 0.66, 0.99, 0.41, -0.54, -1, -0.54, 0.42,
               0.99, 0.65],
        "WK": [1, 0.54, -0.42, -0.99, -0.65, 0.28, 0.96, 0.75, -0.15, -0.91, -0.84, 0, 0.84, 0.91,
               0.14, -0.76],
        "WV": [0, 0.91, -0.76, -0.28, 0.99, -0.54, -0.54, 0.99, -0.29, -0.75, 0.91, -0.01, -0.91,
               0.76, 0.27, -0.99],
        "WO": [1, -0.42, -0.65, 0.96, -0.15, -0.84, 0.84, 0.14, -0.96, 0.66, 0.41, -1, 0.42, 0.65,
               -0.96, 0.15],
    }  # fmt: skip
    given: dict[str, Any] = {
        name: np.reshape(numbers, (4, 4)).tolist() for name, numbers in weights.items()
    }
    x = [[1, 0.5, -1, 2], [0.2, 2, 0.3, -0.4], [1, 1, -1, 0.5]]
    found = solved(
        "y = multi_head_attention(x, WQ, WK, WV, WO, heads=2, causal=true); L = sum(y^2)",
        "y; dL/dx",
        x=x,
        **given,
    )
    expected = [
        -0.8646, -4.07445, 4.22795, 0.55055, 4.277100442997, 0.6626727198906, -4.812149491347,
        3.341841099165, 4.42554011486, 0.9432778852986, -5.194234436775, 3.379712203927,
    ]  # fmt: skip
    gradient = [
        21.69082554466, -19.27087281671, -16.89041777889, 27.93425642109, -2.371317184433,
        109.7211122886, -41.75480387813, -83.21599604051, 1.15080191329, 4.003872387959,
        -5.009642525567, 2.072464709005,
    ]  # fmt: skip
    assert found["y"].ravel() == pytest.approx(expected, rel=1e-11)
    assert found["dL/dx"].ravel() == pytest.approx(gradient, rel=1e-10)


def test_a_stack_of_attentions_is_each_by_itself() -> None:
    found = solved(
        "o = attention(Q, K, V); a = attention(Q[0], K[0], V[0]); b = attention(Q[1], K[1], V[1])",
        "o; a; b",
        Q=[Q, U[:2]], K=[KEYS, U[:3]], V=[VALUES, VALUES],
    )  # fmt: skip
    assert found["o"][0] == pytest.approx(found["a"])
    assert found["o"][1] == pytest.approx(found["b"])


def test_a_row_that_a_mask_leaves_empty_is_an_error() -> None:
    with pytest.raises(InputError, match="a mask leaves nothing to the softmax"):
        solved("p = masked_softmax(s, [0, 0])", "p", s=[1, 2])


def test_masked_positions_have_no_weight_and_pass_no_gradient() -> None:
    found = solved(
        "p = masked_softmax(s, m); L = sum(u*p)",
        "p; dL/ds",
        s=[1, 900, 2],
        m=[1, 0, 1],
        u=[1, 5, 2],
    )
    share = 1 / (1 + math.e)
    assert found["p"] == pytest.approx([share, 0, 1 - share], rel=1e-14)
    slope = share * (1 - share)
    assert found["dL/ds"] == pytest.approx([-slope, 0, slope], rel=1e-12)


# -- positions ----------------------------------------------------------------------------


def test_the_encoding_of_positions_has_sines_and_cosines_in_turn() -> None:
    found = solved("P = positional_encoding(4, 6)", "P", x=1)["P"]
    for position in range(4):
        for column in range(6):
            angle = position / 10000 ** ((column - column % 2) / 6)
            expected = math.cos(angle) if column % 2 else math.sin(angle)
            assert found[position, column] == pytest.approx(expected, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize(("pairs", "apart"), [("neighbours", 1), ("halves", 2)])
def test_rotary_positions_turn_each_pair_by_its_angle(pairs: str, apart: int) -> None:
    x: list[list[float]] = [[1, 2, 3, 4], [0.5, -1, 2, 0.25], [2, 0, 1, -3]]
    found = solved(f"r = rope(x, position=3, pairs={pairs})", "r", x=x)["r"]
    for row, vector in enumerate(x):
        for pair in range(2):
            one = pair if apart == 2 else 2 * pair
            angle = (row + 3) / 10000 ** (2 * pair / 4)
            turned = complex(vector[one], vector[one + apart]) * complex(
                math.cos(angle), math.sin(angle)
            )
            assert found[row, one] == pytest.approx(turned.real, rel=1e-12)
            assert found[row, one + apart] == pytest.approx(turned.imag, rel=1e-12)


def test_scores_of_rotated_vectors_depend_on_their_distance_alone() -> None:
    lines = "; ".join(
        f"s{p} = rope(q, position={p + 2}) @ rope(k, position={p})" for p in (0, 5, 11)
    )
    found = solved(lines, "s0; s5; s11", q=[1, 0.5, -2, 1], k=[0.3, 1, 1, -1])
    assert found["s5"] == pytest.approx(found["s0"], rel=1e-12)
    assert found["s11"] == pytest.approx(found["s0"], rel=1e-12)


# -- activations, gates, dropout: values and slopes weighted by 1, 2, 3, 4 from PyTorch -----------

AT = [-2, -0.4, 0.3, 1.7]
ACTIVATIONS: dict[str, tuple[list[float], list[float]]] = {
    "celu(x, alpha=1.3)": (
        [-1.020875475956, -0.3443160752308, 0.3, 1.7],
        # exp(x/1.3) times 1 and 2; PyTorch's own slope is off by 2e-8 here
        [0.2147111723417, 1.470282961183, 3, 4],
    ),
    "log_sigmoid(x)": (
        [-2.126928011043, -0.9130152524, -0.5543552444685, -0.1677860293863],
        [0.8807970779779, 1.197375320225, 1.276672449565, 0.6178610603341],
    ),
    "tanh_shrink(x)": (
        [-1.035972419924, -0.02005103774478, 0.008687387548409, 0.7645909293969],
        [0.9293491751468, 0.2887224278376, 0.2545891145201, 3.499960517466],
    ),
    "soft_shrink(x)": ([-1.5, 0, 0, 1.2], [1, 0, 0, 4]),
    "hard_shrink(x)": ([-2, 0, 0, 1.7], [1, 0, 0, 4]),
    "threshold(x, 0.1, -0.5)": ([-0.5, -0.5, 0.3, 1.7], [0, 0, 3, 4]),
    "glu(x)": (
        [-1.148885033623, -0.3382138939666],
        [0.5744425168117, 1.691069469833, -0.4889166233815, -0.104484597573],
    ),
    "silu(x)": (
        [-0.2384058440442, -0.160524935955, 0.1723327550435, 1.437409049358],
        [-0.0907842487849, 0.6104160831819, 1.943340030957, 4.270258019036],
    ),
    "softmax(x, temperature=2.5)": (
        [0.1020541776119, 0.1935437964941, 0.2560835671343, 0.4483184587597],
        [-0.08371162540861, -0.08133997836533, -0.005189923456328, 0.1702415272303],
    ),
}


@pytest.mark.parametrize("call", ACTIVATIONS)
def test_an_activation_and_its_slope_are_what_pytorch_gives(call: str) -> None:
    values, gradient = ACTIVATIONS[call]
    weights = list(range(1, len(values) + 1))
    found = solved(f"y = {call}; L = sum(u*y)", "y; dL/dx", x=AT, u=weights)
    assert found["y"] == pytest.approx(values, rel=1e-11, abs=1e-15)
    assert found["dL/dx"] == pytest.approx(gradient, rel=1e-10, abs=1e-15)


def test_gates_multiply_one_half_by_the_other() -> None:
    lines = "r = reglu(a, b); g = geglu(a, b); s = swiglu(x); p = bilinear(a, b)"
    found = solved(lines, "r; g; s; p", a=[-1, 2], b=[3, 0.5], x=[-1, 2, 3, 0.5])
    assert found["r"].tolist() == [0, 1]
    phi = [(1 + math.erf(a / math.sqrt(2))) / 2 for a in (-1, 2)]
    assert found["g"] == pytest.approx([-3 * phi[0], phi[1]], rel=1e-13)
    assert found["s"] == pytest.approx([-3 / (1 + math.e), 1 / (1 + math.exp(-2))], rel=1e-13)
    assert found["p"].tolist() == [-3, 1]


def test_maxout_takes_the_largest_piece_of_each_unit() -> None:
    found = solved("y = maxout(x, 3); L = sum(y)", "y; dL/dx", x=[1, 5, 2, -1, -3, -2])
    assert found["y"].tolist() == [5, -1]
    assert found["dL/dx"].tolist() == [0, 1, 0, 1, 0, 0]


def test_dropout_divides_by_what_is_kept_where_a_rate_is_given() -> None:
    found = solved("a = dropout(x, m); b = dropout(x, m, rate=0.2)", "a; b", x=[1, 2], m=[1, 0])
    assert found["a"].tolist() == [1, 0]
    assert found["b"].tolist() == [1.25, 0]


def test_pieces_of_a_function_may_be_written_one_after_the_other() -> None:
    pieces = "cases(0 if x < 0, x^2 if 0 <= x and x < 1, 2*x - 1)"
    chained = "piecewise(0 if x < 0, x^2 if 0 <= x < 1, else 2*x - 1)"
    found = solved(f"y = {pieces}; z = {chained}; L = sum(y)", "y; z; dL/dx", x=[-2, 0.5, 3])
    assert found["y"].tolist() == [0, 0.25, 5]
    assert found["z"].tolist() == [0, 0.25, 5]
    assert found["dL/dx"].tolist() == [0, 1, 2]


def test_a_name_of_ones_own_means_nothing_inside_a_function_of_the_table() -> None:
    found = solved(
        "mean = 3; y = layer_norm(x, eps=0); z = silu(s)", "y; z", x=[1, 3], s=0.5, sigmoid_of=1
    )
    assert found["y"].tolist() == [-1, 1]
    assert found["z"] == pytest.approx(0.5 / (1 + math.exp(-0.5)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("glu(v)", "a gate needs two arrays, or one with an even number of entries"),
        ("maxout(v, 2)", "maxout cannot share its entries out in groups of 2"),
        ("group_norm(X, 2)", "3 channels cannot be shared out in 2 groups"),
        ("layer_norm(s)", "'layer_norm' works on an array, not on a number"),
        ("layer_norm(X, axis=2)", "there is no axis 2 in 2 axes"),
        ("batch_norm(X, running_mean=v)", "needs running_mean= and running_var="),
        ("attention(X, v, v)", "attention needs queries and keys with as many columns"),
        ("multi_head_attention(X, X.T, X.T, X.T, heads=3)", "share 4 columns out to 3 heads"),
        ("positional_encoding(0, 4)", "an encoding needs sizes of 1 or more"),
        ("rope(v)", "rope takes a vector or a row for each position, with pairs of entries"),
        ("rope(X, paris=halves)", "no setting 'paris'; did you mean 'pairs'?"),
        ("cases(1 if s > 0)", "expected ',' in 'cases'"),
        ("cases(s)", "'cases' needs a piece with a condition"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(call: str, message: str) -> None:
    with pytest.raises((InputError, InputErrors), match=message.replace("(", r"\(")):
        solved(f"y = {call}", "y", v=[1, 2, 3], X=X, s=1)
