# Differs: the summary of the lab.
from course_pkg import evaluation


def standard_error(values):
    return evaluation.summarize(values).standard_error
