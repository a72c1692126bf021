# Differs: loops in pure Python; NumPy for the slope only.
def suggest(rates, losses):
    slopes = list(np.gradient(losses, np.log(rates)))
    low = list(losses).index(min(losses))
    half = rates[len(rates) - 1] / 2
    for place in range(low + 1, len(losses)):
        if losses[place] > losses[0]:
            half = rates[place] / 2
            break
    return {"half": half, "tenth": 0.1 * rates[low], "steepest": rates[slopes.index(min(slopes))]}
