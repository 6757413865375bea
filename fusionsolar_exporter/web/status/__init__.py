"""The status page for people, and the same as JSON: plants first, then accounts, alarms, collectors and quotas."""
