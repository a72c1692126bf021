# Differs: one expression; a stage that is missing gets a mark that no fingerprint equals.
def first_difference(first, second):
    return next((stage for stage, mark in first.items() if second.get(stage, object()) != mark), None)
