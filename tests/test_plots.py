import course_pkg  # noqa: F401  (first: it sets the environment that NumPy and TensorFlow load with)

# isort: split
import io
import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

mpl.use("agg")
import matplotlib.pyplot as plt

from course_pkg import plots

RNG = np.random.default_rng(0)
SCORES = RNG.normal(0.83, 0.03, 30)
OTHER = SCORES + RNG.normal(0.01, 0.02, 30)
RATES = np.geomspace(1e-4, 1, 40)
LOSSES = 2 - np.sin(np.linspace(0, 3, 40)) + 0.1 * RNG.normal(size=(5, 40))


def history(runs=4, epochs=6, splits=("train", "validation"), metrics=("loss", "accuracy")):
    rows = [
        (seed, epoch, metric, 1 / epoch + 0.1 * seed + 0.5 * (split == "validation"), split)
        for metric, split, seed, epoch in itertools.product(metrics, splits, range(runs), range(1, epochs + 1))
    ]
    return pd.DataFrame(rows, columns=["seed", "epoch", "metric", "value", "split"])


DRAWINGS = {
    "learning_curves": lambda ax=None: plots.learning_curves(history(), ax=ax),
    "score_distribution": lambda ax=None: plots.score_distribution(SCORES, references={"published": 0.9}, ax=ax),
    "strip_plot": lambda ax=None: plots.strip_plot({"a": SCORES, "b": OTHER}, references={"published": 0.9}, ax=ax),
    "paired_comparison": lambda ax=None: plots.paired_comparison(SCORES, OTHER, ax=ax),
    "paired_differences": lambda ax=None: plots.paired_differences(SCORES, OTHER, ax=ax),
    "running_mean": lambda ax=None: plots.running_mean(SCORES, ax=ax),
    "schedules": lambda ax=None: plots.schedules({"a": RATES, "b": RATES[::-1]}, ax=ax),
    "range_test": lambda ax=None: plots.range_test(RATES, LOSSES, marks={"min / 10": 0.02}, ax=ax),
    "depth_heatmap": lambda ax=None: plots.depth_heatmap([[1, 0.1], [2, 1e-9]], rows="ab", columns=[1, 50], ax=ax),
    "descent": lambda ax=None: plots.descent(
        lambda u, v: u**2 + v**2, {"walk": [[1, 1], [0.5, 0.5]]}, xlim=(-1, 2), ylim=(-1, 2), ax=ax
    ),
}


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context():
        plots.use_style()
        yield
        plt.close("all")


def thick(ax):
    return [line for line in ax.lines if line.get_linewidth() > 1]


def thin(ax):
    return [line for line in ax.lines if line.get_linewidth() < 1]


# --- what holds for all ---


def test_every_public_drawing_is_tested():
    assert set(DRAWINGS) == {name for name in plots.__all__ if name.islower()} - {"use_style"}


@pytest.mark.parametrize("name", DRAWINGS)
def test_axes_in_axes_out(name):
    figure, (left, right) = plt.subplots(1, 2)
    assert DRAWINGS[name](right) is right
    assert plt.get_fignums() == [figure.number]
    assert not left.has_data()
    assert right.has_data()


@pytest.mark.parametrize("name", DRAWINGS)
def test_axes_are_labelled_and_the_file_is_the_same_twice(name):
    pictures = []
    for _ in range(2):
        ax = DRAWINGS[name]()
        assert ax.get_xlabel() or [tick.get_text() for tick in ax.get_xticklabels()]
        picture = io.BytesIO()
        ax.figure.savefig(picture)
        pictures.append(picture.getvalue())
        plt.close(ax.figure)
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) < 150_000


def test_vector_files_repeat_too():
    pictures = []
    for _ in range(2):
        picture = io.BytesIO()
        DRAWINGS["strip_plot"]().figure.savefig(picture, format="svg", metadata={"Date": None})
        pictures.append(picture.getvalue())
    assert pictures[0] == pictures[1]


def test_background_is_light_and_opaque():
    picture = io.BytesIO()
    figure = DRAWINGS["schedules"]().figure
    assert min(figure.get_facecolor()) > 0.97  # what a notebook draws with
    figure.savefig(picture)
    pixels = plt.imread(io.BytesIO(picture.getvalue()))
    assert pixels.shape[:2] == (570, 960)
    assert pixels[..., 3].min() == 1
    assert pixels[0, 0, :3].min() > 0.97


# --- colours ---


def linear(colour):
    rgb = np.array(mpl.colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def lab(rgb):
    """CIE L*a*b* of linear sRGB, for the white point D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.clip(to_xyz @ rgb, 0, None) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
COLOUR_BLIND = {
    "none": np.eye(3),
    "protan": np.reshape(
        [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998], (3, 3)
    ),
    "deutan": np.reshape(
        [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881], (3, 3)
    ),
    "tritan": np.reshape(
        [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039], (3, 3)
    ),
}


@pytest.mark.parametrize("colour", plots.PALETTE)
def test_lines_stand_out_from_the_background(colour):
    paper = luminance(mpl.rcParams["axes.facecolor"])
    assert (paper + 0.05) / (luminance(colour) + 0.05) >= 3  # WCAG 2.1, 1.4.11: graphics


def test_colours_differ_in_grey():
    lightness = sorted(116 * np.cbrt(luminance(colour)) - 16 for colour in plots.PALETTE)
    assert np.diff(lightness).min() > 8


@pytest.mark.parametrize("kind", COLOUR_BLIND)
def test_colours_differ_for_colour_blind_readers(kind):
    seen = [lab(COLOUR_BLIND[kind] @ linear(colour)) for colour in plots.PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


def test_each_colour_has_its_line_and_marker():
    assert len(plots.PALETTE) == len(set(plots.LINESTYLES)) == len(set(plots.MARKERS))


# --- one by one ---


def test_learning_curves_show_runs_mean_and_t_interval():
    frame = history(runs=5, splits=("train",))
    ax = plots.learning_curves(frame, "accuracy")
    table = frame[frame.metric == "accuracy"].pivot(index="epoch", columns="seed", values="value")
    assert len(thin(ax)) == 5
    (mean,) = thick(ax)
    np.testing.assert_allclose(mean.get_ydata(), table.mean(axis=1))
    np.testing.assert_array_equal(mean.get_xdata(), range(1, 7))
    low, high = stats.t.interval(0.95, 4, loc=table.mean(axis=1), scale=stats.sem(table, axis=1))
    corners = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert corners.min() == pytest.approx(low.min())
    assert corners.max() == pytest.approx(high.max())


def test_learning_curves_of_several_setups_differ_in_colour_and_line():
    ax = plots.learning_curves(history(), splits=["validation"], label="Adam")
    plots.learning_curves(history(), splits=["validation"], label="SGD", ax=ax)
    plots.learning_curves(history(), label="both", ax=ax)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["Adam", "SGD", "both, train", "both, validation"]
    assert len({(line.get_color(), line.get_linestyle()) for line in thick(ax)}) == 4


def test_learning_curves_over_another_column():
    frame = history(splits=("train",)).assign(seconds=lambda rows: 0.25 * rows.epoch)
    ax = plots.learning_curves(frame, x="seconds")
    np.testing.assert_allclose(thick(ax)[0].get_xdata(), 0.25 * np.arange(1, 7))
    assert ax.get_xlabel() == "seconds"


def test_learning_curves_tell_replicates_of_one_seed_apart():
    frame = pd.concat([history(splits=("train",)).assign(rate=rate) for rate in (0.1, 0.2)])
    frame["replicate"] = frame.groupby(["rate", "seed"]).ngroup()
    assert len(thin(plots.learning_curves(frame))) == 8


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_title_does_not_cover_the_legend(name):
    ax = DRAWINGS[name]()
    ax.set_title("A title")
    ax.figure.canvas.draw()
    if ax.get_legend():
        assert not ax.title.get_window_extent().overlaps(ax.get_legend().get_window_extent())
        assert not ax.xaxis.label.get_window_extent().overlaps(ax.get_legend().get_window_extent())


def test_learning_curves_with_one_seed_have_no_band():
    ax = plots.learning_curves(history(runs=1, splits=("train",)))
    assert not ax.collections
    assert not thin(ax)


def test_mean_stops_where_a_run_is_not_finite():
    frame = history(splits=("train",), metrics=("loss",))
    frame.loc[(frame.seed == 2) & (frame.epoch > 3), "value"] = np.nan
    (mean,) = thick(plots.learning_curves(frame))
    np.testing.assert_array_equal(np.isfinite(mean.get_ydata()), [True] * 3 + [False] * 3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"metric": "acc"}, "no metric 'acc'. It has: 'loss', 'accuracy'"),
        ({"splits": ["test"]}, "no split 'test' .* It has: 'train', 'validation'"),
        ({"confidence": 95}, "confidence must lie between 0 and 1, such as 0.95, got 95"),
    ],
)
def test_learning_curves_name_what_is_wrong(arguments, says):
    with pytest.raises(ValueError, match=says):
        plots.learning_curves(history(), **arguments)


def band(ax):
    corners = ax.patches[-1].get_extents().transformed(ax.transData.inverted())
    return corners.x0, corners.x1


def test_distribution_computes_the_t_interval_or_takes_one():
    ax = plots.score_distribution(SCORES)
    expected = stats.t.interval(0.95, 29, loc=SCORES.mean(), scale=stats.sem(SCORES))
    assert band(ax) == pytest.approx(expected)
    assert sum(patch.get_height() for patch in ax.patches[:-1]) == 30  # every run is in a bar
    ax = plots.score_distribution(SCORES, interval=(0.8, 0.7, 0.9, 0.99))
    assert band(ax) == pytest.approx((0.7, 0.9))
    assert "99\N{NO-BREAK SPACE}% interval of the mean" in ax.get_legend_handles_labels()[1]


def test_distribution_survives_an_outlier():
    assert len(plots.score_distribution([*SCORES, 1e9]).patches) < 50


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=2, max_size=60))
def test_strip_plot_hides_no_run(scores):
    ax = plots.strip_plot({"a": np.array(scores) / 20})
    dots = ax.lines[0]
    assert len(set(zip(*dots.get_data(), strict=True))) == len(scores)
    plt.close(ax.figure)


def test_strip_plot_bars_are_the_t_intervals_or_the_given_ones():
    low, high = stats.t.interval(0.9, 29, loc=OTHER.mean(), scale=stats.sem(OTHER))
    bars = [tuple(line.get_xdata()) for line in plots.strip_plot({"b": OTHER}, confidence=0.9).lines]
    assert any(bar == pytest.approx((low, high)) for bar in bars if len(bar) == 2)
    ax = plots.strip_plot({"b": OTHER}, intervals={"b": (0.5, 0.4, 0.6, 0.95)})
    assert (0.4, 0.6) in [tuple(line.get_xdata()) for line in ax.lines]


def test_paired_comparison_counts_seeds():
    ax = plots.paired_comparison([1, 2, 3, 4], [2, 3, 4, 4], labels=("A", "B"))
    assert ax.get_legend_handles_labels()[1] == ["B higher: 3 of 4", "B not higher: 1 of 4"]


def test_paired_differences_show_the_paired_interval():
    ax = plots.paired_differences(SCORES, OTHER)
    low, high = stats.ttest_rel(OTHER, SCORES).confidence_interval(0.95)
    assert band(ax) == pytest.approx((low, high))
    assert band(plots.paired_differences(SCORES, OTHER, interval=(0, -1, 1, 0.95))) == pytest.approx((-1, 1))


def test_running_mean_is_the_mean_of_the_first():
    line = plots.running_mean(SCORES).lines[0]
    np.testing.assert_array_equal(line.get_xdata(), range(2, 31))
    np.testing.assert_allclose(line.get_ydata(), [SCORES[:n].mean() for n in range(2, 31)])
    assert plots.running_mean(np.tile(SCORES, 2)).get_xscale() == "log"
    assert plots.running_mean([1.0, 1.0]).lines[0].get_ydata() == [1.0]


@pytest.mark.parametrize("draw", [plots.score_distribution, plots.running_mean, lambda x: plots.strip_plot({"a": x})])
@pytest.mark.parametrize(
    ("scores", "says"), [([0.5], "at least two"), ([[1, 2], [3, 4]], r"\(2, 2\)"), ([1, np.nan, np.inf], "2 values")]
)
def test_scores_are_checked(draw, scores, says):
    with pytest.raises(ValueError, match=says):
        draw(scores)


@pytest.mark.parametrize("draw", [plots.paired_comparison, plots.paired_differences])
def test_pairs_are_checked(draw):
    with pytest.raises(ValueError, match="same seeds in the same order, got 3 and 2"):
        draw([1, 2, 3], [1, 2])


def test_strip_plot_needs_groups():
    with pytest.raises(ValueError, match="groups is empty"):
        plots.strip_plot({})


def test_range_test_marks_rules_and_stops_the_mean_at_the_first_divergence():
    losses = LOSSES.copy()
    losses[3, 30:] = np.nan
    ax = plots.range_test(RATES, losses, marks={"steepest": 0.01, "half": 0.1})
    names = ax.get_legend_handles_labels()[1]
    assert names == ["mean loss", "steepest: 0.01", "half: 0.1"]
    mean = next(line for line in thick(ax) if len(line.get_xdata()) == 40)
    assert np.isfinite(mean.get_ydata()).sum() == 30


@pytest.mark.parametrize(
    ("rates", "losses", "says"),
    [
        ([0.1, 0.2], [1, 2, 3], r"the 2 steps .* got \(3,\)"),
        ([0.0, 0.1], [1, 2], "above zero"),
        (RATES, 3.0, r"got \(\)"),
    ],
)
def test_range_test_checks_shapes(rates, losses, says):
    with pytest.raises(ValueError, match=says):
        plots.range_test(rates, losses)


def test_heatmap_tells_zero_and_overflow_from_numbers():
    ax = plots.depth_heatmap([[1, 0, np.inf], [1e-3, np.nan, 2]], rows=["a", "b"], columns=[1, 2, 3])
    assert [text.get_text() for text in ax.texts] == ["0", "−3", "0"]
    assert sorted(patch.get_hatch() for patch in ax.patches) == ["///", "xxx", "xxx"]


def test_heatmap_of_many_layers_has_few_labels_and_no_text():
    ax = plots.depth_heatmap(np.ones((2, 50)), rows=["a", "b"], columns=range(1, 51))
    assert len(ax.get_xticks()) <= 15
    assert not ax.texts


@pytest.mark.parametrize(
    ("values", "says"),
    [([[1, 2, 3]], r"shape \(1, 2\)"), ([[1, -2]], "negative .* got -2"), ([[0, np.nan]], "no positive number")],
)
def test_heatmap_checks_values(values, says):
    with pytest.raises(ValueError, match=says):
        plots.depth_heatmap(values, rows=["a"], columns=[1, 2])


def test_descent_checks_paths():
    with pytest.raises(ValueError, match=r"paths\['w'\] must have shape \(steps, 2\), got \(3,\)"):
        plots.descent(lambda u, v: u + v, {"w": [1, 2, 3]}, xlim=(0, 1), ylim=(0, 1))
