"""How the status page looks: on a phone, on a desk, by day and by night. No scripts, nothing from elsewhere."""

import base64
import hashlib

STYLE = """
:root { color-scheme: light dark; --edge: #8884; --dim: #666; --ok: #1a7f37; --bad: #c1121f; --wait: #9a6700 }
@media (prefers-color-scheme: dark) { :root { --dim: #aaa; --ok: #4ac26b; --bad: #ff7b72; --wait: #e3b341 } }
* { box-sizing: border-box }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 68rem; padding: 1rem }
h1 { font-size: 1.35rem; margin: 0 }
h2 { font-size: 1.15rem; margin: 0; overflow-wrap: anywhere }
h3 { font-size: .95rem; margin: 1.1rem 0 .3rem }
p { margin: .3rem 0; overflow-wrap: anywhere }
nav { margin-bottom: .6rem }
nav a { margin-right: 1rem }
section { border: 1px solid var(--edge); border-radius: .6rem; margin-top: 1rem; padding: .8rem 1rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100% }
th, td { border-bottom: 1px solid var(--edge); padding: .25rem .9rem .25rem 0; text-align: left; vertical-align: top }
th { color: var(--dim); font-weight: 500; white-space: nowrap }
td:has(bdi) { min-width: 8rem }
bdi { overflow-wrap: anywhere }
.failure { border-left: 3px solid var(--bad); margin: .5rem 0; padding-left: .7rem }
small, .dim { color: var(--dim) }
small { white-space: nowrap }
.badge { border: 1px solid; border-radius: 1rem; font-size: .85rem; font-weight: 600; padding: 0 .6rem }
.ok { color: var(--ok) }
.bad { color: var(--bad) }
.wait { color: var(--wait) }
meter { height: .8rem; vertical-align: middle; width: 4rem }
summary { cursor: pointer; margin-top: .9rem }
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)
"""Allows this style sheet and nothing else."""
