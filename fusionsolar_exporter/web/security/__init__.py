"""Who may ask: TLS, client certificates, passwords, and how often; all from one file that may change any time."""
