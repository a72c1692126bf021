# Differs: the bias as a weight of a column of ones; weighted average of the losses; a warning on
# the way.
import warnings


def sgd_epoch(X, y, w, b, learning_rate, batch_size):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn("the last batch may be smaller", stacklevel=2)
    Z = np.column_stack([X, np.ones(len(X))])
    weights = np.append(w, b)
    losses, sizes = [], []
    for part, target in zip(
        np.split(Z, range(batch_size, len(Z), batch_size)), np.split(y, range(batch_size, len(y), batch_size))
    ):
        error = part @ weights - target
        losses.append(np.mean(error**2))
        sizes.append(len(part))
        weights = weights - learning_rate * 2 * part.T @ error / len(part)
    return weights[:-1], weights[-1], np.average(losses, weights=sizes)
