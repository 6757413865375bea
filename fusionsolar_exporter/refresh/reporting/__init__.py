"""What an account tells about itself: its status, advice to people, and counters and log lines of each request."""
