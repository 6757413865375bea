"""How the status page looks: on a phone, on a desk, on paper, by day and by night. Nothing comes from elsewhere."""

import base64
import hashlib

from fusionsolar_exporter.web.status.script import SCRIPT

STYLE = """
:root { color-scheme: light dark; --back: #fff; --edge: #8884; --dim: #5c5c5c; --ok: #1a7f37; --bad: #b80d1a;
  --wait: #8a5a00; --curve: #b25000; --link: #0645ad }
@media screen and (prefers-color-scheme: dark) { :root { --back: #16181c; --dim: #b0b0b0; --ok: #4ac26b; --bad: #ff8a82;
  --wait: #e3b341; --curve: #ffb86b; --link: #8ab4f8 } }
* { box-sizing: border-box }
body { background: var(--back); font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem }
a { color: var(--link) }
header { align-items: baseline; display: flex; flex-wrap: wrap; gap: .3rem 1.5rem }
h1 { font-size: 1.35rem; margin: 0 }
h2 { display: inline-block; font-size: 1.15rem; margin: 0; overflow-wrap: anywhere }
h3 { font-size: .95rem; margin: 1.1rem 0 .3rem }
p { margin: .3rem 0; overflow-wrap: anywhere }
nav a { margin-right: 1rem }
section { border: 1px solid var(--edge); border-radius: .6rem; margin-top: 1rem; padding: .8rem 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: .8rem; width: 100% }
caption { color: var(--dim); font-weight: 600; text-align: left }
th, td { border-bottom: 1px solid var(--edge); padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top }
th { color: var(--dim); font-weight: 500; white-space: nowrap }
bdi { overflow-wrap: anywhere }
.totals { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: .5rem 0 }
.totals dt { color: var(--dim); font-size: .85rem }
.totals dd { font-size: 1.3rem; font-variant-numeric: tabular-nums; margin: 0 }
.tools { align-items: baseline; display: flex; flex-wrap: wrap; gap: .3rem 1.5rem }
.failure { border-left: 3px solid var(--bad); margin: .6rem 0; padding-left: .7rem }
small, .dim { color: var(--dim); font-weight: 400 }
td small { display: inline-block }
.plants td:nth-child(2), .plants td:nth-child(4), .plants td:nth-child(8) { white-space: nowrap }
.badge { border: 1px solid; border-radius: 1rem; display: inline-block; font-size: .85rem; font-weight: 600;
  padding: 0 .6rem }
a.badge { text-decoration: none }
.ok { color: var(--ok) }
.bad { color: var(--bad) }
.wait { color: var(--wait) }
meter { height: .8rem; vertical-align: middle; width: 4rem }
summary { cursor: pointer }
.chart { height: 2rem; max-width: 100%; width: 9rem }
.chart.large { height: 6rem; width: 100% }
.curve { fill: none; stroke: var(--curve); stroke-width: 1.5; vector-effect: non-scaling-stroke }
.zero { stroke: var(--edge); vector-effect: non-scaling-stroke }
input, button { font: inherit; max-width: 12rem }
::placeholder { color: var(--dim); opacity: 1 }
time { white-space: nowrap }
@media screen and (max-width: 50rem) {
  table, caption, tbody, tr, td { display: block }
  thead { display: none }
  tr { border-bottom: 1px solid var(--edge); padding: .4rem 0 }
  td { border: 0; display: flex; gap: .8rem; padding: .1rem 0 }
  td::before { color: var(--dim); content: attr(data-label); flex: 0 0 7rem }
  td:first-child { font-weight: 600 }
  td:first-child::before { content: none }
}
@media print {
  :root { color-scheme: light }
  body { font-size: 10px; padding: 0 }
  nav, .tools { display: none }
  section { border: 0; padding: 0 }
  tr { break-inside: avoid }
  h2, caption { break-after: avoid }
  th, td { padding-right: .5rem }
  .chart { width: 5rem }
}
"""

FAVICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='5' fill='%23e67e00'/%3E%3C/svg%3E"
)


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'; "
    f"img-src data:; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}"
)
"""Allows this style sheet, this script and this page's own address, and nothing else."""
