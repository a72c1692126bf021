"""What nbgrader's commands need to know in this repository. Values only."""

from pathlib import Path

Path("grading").mkdir(exist_ok=True)  # nbgrader makes its own folders, but not the gradebook's

c = get_config()  # noqa: F821  # nbgrader defines it

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solutions"
c.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"
