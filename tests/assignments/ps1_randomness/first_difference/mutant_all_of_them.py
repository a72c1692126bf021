# Mistake: returns the list of all stages that differ.
def first_difference(first, second):
    return [stage for stage in first if first[stage] != second.get(stage)]
