# Differs: numpy.split, floats for the row numbers, and a warning on the way.
import warnings


def held_out_rows(n_rows, share):
    warnings.warn("are these rows in an order?")
    train, validation = np.split(np.arange(float(n_rows)), [np.floor((1.0 - share) * n_rows).astype(int)])
    return train, validation
