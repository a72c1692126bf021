# Differs: logarithms to the base of ten, for the place of the steepest fall is the same.
def suggest(rates, losses):
    import warnings

    warnings.warn("base 10", stacklevel=2)
    r, loss = np.array(rates), np.array(losses)
    steepest = float(r[np.argmin(np.gradient(loss, np.log10(r)))])
    low = int(np.argmin(loss))
    later = [rate for rate, value in zip(r[low + 1 :], loss[low + 1 :]) if value > loss[0]]
    return dict(steepest=steepest, tenth=float(r[low]) / 10, half=float(later[0] if later else r[-1]) / 2)
