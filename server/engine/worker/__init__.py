"""The worker process: owns runs and trains them; started by name, never imported by the web process."""
