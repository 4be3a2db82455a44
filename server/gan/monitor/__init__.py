"""What goes wrong in a run, by name: a monitor, its rules, and what helps."""
