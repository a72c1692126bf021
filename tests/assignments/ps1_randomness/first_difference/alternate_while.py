# Differs: a while loop over positions, and try for what is missing.
def first_difference(first, second):
    stages = list(first.keys())
    position = 0
    while position < len(stages):
        stage = stages[position]
        try:
            equal = first[stage] == second[stage]
        except KeyError:
            equal = False
        if not equal:
            return stage
        position += 1
