# Differs: a data frame, and a Series as the answer's values.
def suggest(rates, losses):
    frame = pd.DataFrame({"rate": rates, "loss": losses})
    frame["slope"] = np.gradient(frame["loss"], np.log(frame["rate"]))
    low = frame["loss"].idxmin()
    after = frame.loc[low + 1 :]
    after = after[after["loss"] > frame["loss"].iloc[0]]
    half = (after if len(after) else frame.tail(1))["rate"].iloc[0] / 2
    return {"steepest": frame["rate"][frame["slope"].idxmin()], "tenth": frame["rate"][low] / 10, "half": half}
