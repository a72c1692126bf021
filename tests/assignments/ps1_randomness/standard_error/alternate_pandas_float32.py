# Differs: pandas, in single precision, as a NumPy scalar.
def standard_error(values):
    return np.float32(pd.Series(values, dtype="float32").sem())
