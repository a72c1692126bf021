# Differs: pandas lines the two up by name.
def first_difference(first, second):
    one = pd.Series(first)
    two = pd.Series(second).reindex(one.index)
    differing = one.index[(one != two).to_numpy()]
    return str(differing[0]) if len(differing) else None
