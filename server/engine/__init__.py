"""Where runs are computed: worker processes, and the web process's side of them."""
