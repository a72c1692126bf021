# Mistake: a tenth of the lowest loss.
def suggest(rates, losses):
    rates, losses = np.asarray(rates, dtype=float), np.asarray(losses, dtype=float)
    lowest = losses.argmin()
    diverged = np.flatnonzero((losses > losses[0]) & (np.arange(len(losses)) > lowest))
    return {
        "steepest": rates[np.gradient(losses, np.log(rates)).argmin()],
        "tenth": losses[lowest] / 10,
        "half": rates[diverged[0] if len(diverged) else -1] / 2,
    }
