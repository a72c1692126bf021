"""Confinement of students' kernels: what a kernel may see and use, how it is started, and who watches it."""
