# Mistake: sorts the stages by name.
def first_difference(first, second):
    return next((stage for stage in sorted(first) if first[stage] != second.get(stage)), None)
