"""View 1, Watch: pull requests, the selected run, epic and targets."""
