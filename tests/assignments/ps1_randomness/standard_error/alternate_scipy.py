# Differs: scipy has it ready.
from scipy import stats


def standard_error(values):
    return stats.sem(values)
