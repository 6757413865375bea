"""``backfill``: history as OpenMetrics text, asked within the limits and beside a running exporter."""
