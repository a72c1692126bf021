"""What nbgrader's commands need to know in this repository. Values only."""

from pathlib import Path

from course_pkg.grading import feedback, pipeline
from course_pkg.grading.policies import LateDays

(Path(__file__).parent / "grading").mkdir(exist_ok=True)  # nbgrader makes its own folders, but not the gradebook's

c = get_config()  # noqa: F821  # nbgrader defines it

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solutions"
# For PostgreSQL, "postgresql+psycopg://USER@HOST/DATABASE"; nbgrader then wants a c.CourseDirectory.course_id as well.
c.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"

c.Execute.timeout = 120  # seconds for one cell

c.AssignLatePenalties.plugin_class = LateDays
c.LateDays.free_days = 0  # started days that cost nothing
c.LateDays.per_day = 0.0  # the share of the score that each further day costs: 0.1 takes a tenth
c.LateDays.most = 1.0  # the largest share that lateness costs
c.LateDays.zero_after = None  # days after which a submission counts nothing

pipeline.wire(c, release=c.CourseDirectory.release_directory)
feedback.wire(c)
