# Mistake: goes on after the first difference, and returns the last one.
def first_difference(first, second):
    found = None
    for stage in first:
        if second.get(stage) != first[stage]:
            found = stage
    return found
