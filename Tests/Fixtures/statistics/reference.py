"""What lifelines and scipy say of the questions of StatisticsTests: reference.py QUESTIONS ANSWERS"""

import json
import math
import sys
import warnings

import numpy as np
from lifelines import KaplanMeierFitter
from lifelines.exceptions import StatError
from lifelines.utils import qth_survival_time, restricted_mean_survival_time
from scipy import stats

warnings.simplefilter("ignore")


def finite(value):
    return float(value) if math.isfinite(value) else None


def crossings(curve, shares):
    """Where the curve falls to each share; a share that is hit exactly counts as reached."""
    return [finite(qth_survival_time(share, curve.round(12))) for share in shares]


def survival(spells):
    if not spells["durations"]:
        return {"refused": "empty"}
    fitter = KaplanMeierFitter()
    try:
        fitter.fit(
            spells["durations"],
            event_observed=spells["ended"],
            entry=spells.get("entries"),
            weights=spells["counts"],
        )
    except StatError:
        return {"refused": "risk set"}
    curve = fitter.survival_function_["KM_estimate"]
    band = fitter.confidence_interval_
    low, high = band.iloc[:, 0], band.iloc[:, 1]
    # The outermost crossings, which are the only ones where a limit falls all the way.
    low, high = low.cummin(), high[::-1].cummax()[::-1]
    return {
        "times": curve.index.tolist(),
        "survival": curve.tolist(),
        "low": band.iloc[:, 0].tolist(),
        "high": band.iloc[:, 1].tolist(),
        "quartiles": crossings(curve, [0.75, 0.5, 0.25]),
        "quartileLows": crossings(low, [0.75, 0.5, 0.25]),
        "quartileHighs": crossings(high, [0.75, 0.5, 0.25]),
        "isMonotone": bool((low == band.iloc[:, 0]).all() and (high == band.iloc[:, 1]).all()),
        "restrictedMean": float(restricted_mean_survival_time(fitter, t=spells["horizon"])),
    }


def wilson(count, total):
    interval = stats.binomtest(count, total).proportion_ci(method="wilson")
    return [interval.low, interval.high]


def welch(before, after):
    interval = stats.ttest_ind(after, before, equal_var=False).confidence_interval()
    return [interval.low, interval.high]


with open(sys.argv[1], encoding="utf-8") as questions:
    asked = json.load(questions)
a, b, share = np.array(asked["betas"]).T
answers = {
    "survival": [survival(spells) for spells in asked["survival"]],
    "normal": stats.norm.ppf(asked["shares"]).tolist(),
    "normalShares": stats.norm.cdf(asked["points"]).tolist(),
    "student": stats.t.ppf(0.975, asked["degrees"]).tolist(),
    "betaQuantiles": stats.beta.ppf(share, a, b).tolist(),
    "betaShares": stats.beta.cdf(share, a, b).tolist(),
    "wilson": [wilson(*proportion) for proportion in asked["proportions"]],
    "welch": [welch(*pair) for pair in asked["pairs"]],
    "quantiles": np.quantile(asked["amounts"], [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]).tolist(),
}
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(answers, file)
